import { badInput } from '../../../../tools/errors-page/error-case.js'
import { message, open, openReader } from '../harness.js'

const wrong = (value: unknown) => value as never

/** Arguments that are refused before any I/O, so the error's text alone has to say what to do. */
export const BAD_INPUT = badInput([
  ['a message', () => open().then((wal) => wal.append(wrong('text')))],
  ['its payload', () => open().then((wal) => wal.append(wrong({ payload: 'text' })))],
  ['its vchannel', () => open().then((wal) => wal.append(message('a', { vchannel: '\ud800' })))],
  ['its type', () => open().then((wal) => wal.append(message('a', { type: 0 })))],
  ['a system type', () => open().then((wal) => wal.append(message('a', { type: 1 })))],
  ['a field that there is not', () => open().then((wal) => wal.append(wrong({ ...message('a'), key: 'k' })))],
  ['properties', () => open().then((wal) => wal.append(wrong({ ...message('a'), properties: { a: 'b' } })))],
  ['a key', () => open().then((wal) => wal.append(message('a', { properties: new Map([['_a', 'b']]) })))],
  [
    'an empty key',
    () => open().then((wal) => wal.append(message('a', { properties: new Map([['', 'b']]) }))),
  ],
  [
    'a value',
    () => open().then((wal) => wal.append(message('a', { properties: new Map([['a', wrong(1)]]) }))),
  ],
  ['a time-out', () => open().then((wal) => wal.append(message('a'), { timeoutMs: 0 }))],
  [
    'a signal',
    () => open().then((wal) => wal.append(message('a'), { signal: wrong(new AbortController()) })),
  ],
  ['a barrier', () => open().then((wal) => wal.append(message('a'), { barrierTimeTick: wrong(1) }))],
  ['an option of an append', () => open().then((wal) => wal.append(message('a'), wrong({ timeout: 5 })))],
  ['appendBatch', () => open().then((wal) => wal.appendBatch(wrong('text')))],
  ['appendAll', () => open().then((wal) => wal.appendAll(wrong(5)).next())],
  ['latestReadableTimeTick', () => open().then((wal) => wal.latestReadableTimeTick(wrong(5)))],
  ['truncate', () => open().then((wal) => wal.truncate('yesterday'))],
  ['resolve', () => open().then((wal) => wal.resolve('yesterday'))],
  ['two starts of a read', twoStarts],
  ['a position', () => openToRead({ from: 'yesterday' })],
  ['where a read begins', () => openToRead({ deliver: 'newest' })],
  ['types', () => openToRead({ types: [] })],
  ['a type of the library', () => openToRead({ types: [1] })],
  ['a time tick', () => openToRead({ timeTickFrom: 5 })],
  ['a time tick at which to end', () => openToRead({ until: -1n })],
  ['timeTicks', () => openToRead({ timeTicks: 'yes' })],
  ['an option of a read', () => openToRead({ limit: 5 })],
  ['a second loop over a scanner', twoLoops],
  ['a channel', () => open({ channel: wrong(undefined) })],
  ['a channel’s name', () => open({ channel: 'Orders' })],
  [
    'accessMode',
    () =>
      import('../../src/index.js').then((core) =>
        core.openWal('memory:', wrong({ channel: 'log', accessMode: 'w' })),
      ),
  ],
  ['a term', () => open({ term: -1 })],
  ['a term of a reader', () => openReader({ term: 3 })],
  ['an option of an open', () => open(wrong({ budget: 5 }))],
  ['a size', () => open({ budgetBytes: 5 })],
  ['a logger', () => open({ logger: wrong({ info() {} }) })],
  ['interceptors', () => open({ interceptors: wrong({}) })],
  ['an interceptor', () => open({ interceptors: [wrong({ name: 'stamp' })] })],
  ['an option of a backend', () => open({ backend: { size: 5 } })],
])

async function openToRead(options: object): Promise<void> {
  const wal = await open()
  for await (const _ of wal.read({ until: 'end', ...options } as never));
}

async function twoStarts(): Promise<void> {
  const wal = await open()
  const { position } = await wal.append(message('a'))
  wal.read({ from: position, after: position } as never)
}

async function twoLoops(): Promise<void> {
  const scanner = (await open()).read({ until: 'end' })
  for await (const _ of scanner);
  for await (const _ of scanner);
}
