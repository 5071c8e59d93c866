import type { OpenerBuilderImpls, OptionTable } from '@wal/walimpls'
import { memoryBuilder } from '@wal/walimpls/testing'
import { onTestFinished } from 'vitest'
import { badInput } from '../../../../tools/errors-page/error-case.js'
import { mustGetBuilder, openWal } from '../../src/index.js'
import { open } from '../harness.js'

const wrong = (value: unknown) => value as never

/** One option of each kind, of a backend that is never built. */
const OPTIONS: OptionTable = {
  hosts: { type: 'hosts', from: 'hosts', description: 'Where the servers are.' },
  user: { type: 'text', from: 'user', description: 'Name of the user.' },
  mode: { type: 'text', allowed: ['fast', 'safe'], description: 'How records are stored.' },
  topics: { type: 'texts', description: 'Where records are stored.' },
  pollMs: { type: 'integer', unit: 'milliseconds', min: 10, max: 600_000, description: 'How often.' },
  tls: { type: 'boolean', description: 'Connect by TLS.' },
}
const builder: OpenerBuilderImpls = {
  ...(memoryBuilder() as unknown as OpenerBuilderImpls),
  name: 'server',
  schemes: { 'server+ssl': { tls: true } },
  options: OPTIONS,
}
const needing = {
  ...builder,
  options: { mode: { type: 'text', required: true, description: 'How records are stored.' } },
} as const
const one = {
  ...builder,
  options: { host: { type: 'text', from: 'hosts', description: 'Where the server is.' } },
} as const

const at = (url: string, backend?: object) => () =>
  openWal(url, { channel: 'log', builder, ...(backend && { backend: wrong(backend) }) })

async function opener() {
  const memory = await mustGetBuilder('memory').build({})
  onTestFinished(() => memory.close())
  return memory
}

/** Errors about a backend's options and URL that every backend may give. */
export const BAD_OPTIONS = badInput([
  ['options of openWal', () => openWal('memory:', wrong('log'))],
  ['options of a build', () => mustGetBuilder('memory').build(wrong('url'))],
  ['options of another call', () => open().then((wal) => wal.truncate('p', wrong(5)))],
  ['`backend`', () => open({ backend: wrong(5) })],
  ['`builder`', () => open({ builder: wrong({}) })],
  ['openTimeoutMs', () => open({ openTimeoutMs: 0 })],
  ['a channel’s object', () => opener().then((memory) => memory.open(wrong({ channel: 'log' })))],
  ['a channel without a name', () => opener().then((memory) => memory.open(wrong({ channel: {} })))],
  ['the name of a channel to delete', () => opener().then((memory) => memory.delete('A'))],
  ['an AbortSignal', () => open().then((wal) => wal.truncate('p', { signal: wrong('now') }))],
  ['an option that a backend needs', () => openWal('server:', { channel: 'log', builder: needing as never })],
  ['one of several texts', at('server:', { mode: 'quick' })],
  ['a list', at('server:', { topics: 'a,b' })],
  ['a number', at('server:', { pollMs: 5 })],
  ['true or false', at('server:', { tls: 'yes' })],
  ['a text', at('server:', { user: 5 })],
  ['hosts', at('server:', { hosts: ['one:9000', 'two:x'] })],
  ['a URL that is none', at('./data')],
  ['another backend’s URL', at('kafka://one')],
  ['a control character in a URL', at('server://one\n')],
  ['a “#” in a URL', at('server://one/a#b')],
  ['an “@” in a URL’s password', at('server://user:p@ss@one')],
  ['a host in a URL', at('server://one:70000')],
  ['a part of a query', at('server://one?fast')],
  ['a parameter that is there twice', at('server://one?mode=fast&mode=safe')],
  ['a “%” in a URL', at('server://us%er@one')],
  ['a part that the backend has no option for', at('server://one/path')],
  ['a second host', () => openWal('server://one,two', { channel: 'log', builder: one as never })],
  ['hosts of a backend without a server', () => openWal('memory://one', { channel: 'log' })],
  ['a parameter', at('server://one?mod=fast')],
  ['a number in a URL', at('server://one?pollMs=often')],
  ['true or false in a URL', at('server://one?tls=yes')],
  ['a scheme that says otherwise', at('server+ssl://one?tls=false')],
])
