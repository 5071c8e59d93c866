import assert from 'node:assert/strict'
import {
  assertKept,
  type BackendUnderTest,
  HistoryWriter,
  type PartName,
  runConformance,
} from '@wal/conformance'
import { PositionTruncatedError, WalError } from '@wal/walimpls'
import { test } from 'vitest'
import { openWal } from '../../src/index.js'
import { type Builder, brokenBuilder, ids } from '../broken-backends/broken-builder.js'

/** The text of the error with which one test of a part fails on this backend. */
async function failureOf(
  part: PartName,
  name: RegExp,
  builder: Builder,
  more: Partial<BackendUnderTest> = {},
): Promise<string> {
  const backend = { openWal, builder, options: { name: 'broken' }, patienceMs: 500, seed: 1, ...more }
  const results = await runConformance(backend, [part])
  const failed = results.find((result) => name.test(result.name) && result.error !== undefined)
  assert.ok(failed !== undefined, `no test ${name} failed`)
  return String(failed.error)
}

const login = { type: 'text', description: 'of the server', default: '' } as const

/** A backend with a login whose user is public and whose password is secret. */
function withLogin(fail: (password: string) => Error): Builder {
  const inner = brokenBuilder({})
  return {
    ...inner,
    options: {
      ...inner.options,
      user: { ...login, from: 'user' },
      password: { ...login, from: 'password', secret: true },
      hosts: { type: 'texts', description: 'where the server is', from: 'hosts' },
    },
    async build(given, ...rest) {
      const { user: _user, password, hosts: _hosts, ...options } = given
      if (password !== '') throw fail(password)
      return inner.build(options, ...rest)
    },
  }
}

test('H184: a backend with a public user and a secret password passes the test of printed URLs', async () => {
  const builder = withLogin(() => new WalError('WAL_UNAVAILABLE', 'login failed'))
  const results = await runConformance({ openWal, builder, options: { name: 'login' } }, ['secrets'])
  const name = 'a printed URL does not show the value of a secret option'
  const printed = results.find((each) => each.name === name)
  assert.deepEqual(printed, { part: 'secrets', name })
})

test('H185: a backend that stores records over its limit fails the part prefix, unless it declares that', async () => {
  const builder = brokenBuilder({ log: (log) => ({ limits: { ...log.limits, maxRecordBytes: 1 << 20 } }) })
  const text = await failureOf('prefix', /behind a record that is too large/, builder)
  assert.match(text, /A record of 1048577 bytes was stored, though .* pass refusesTooLarge: false/)
  const backend = { openWal, builder, options: { name: 'broken' }, refusesTooLarge: false }
  const results = await runConformance(backend, ['prefix'])
  assert.equal(results.find(({ name }) => name.includes('record that is too large'))?.error, undefined)
})

test('H187: a test whose time is up names itself, what it waited for, the calls under way and the last error', async () => {
  const down = brokenBuilder({
    log: () => ({ last: () => Promise.reject(new WalError('WAL_UNAVAILABLE', 'connection refused')) }),
  })
  const text = await failureOf('once', /^through the adaptor/, down)
  assert.match(text, /once: through the adaptor: a record that is stored twice .*: not done after 500 ms\./)
  assert.match(text, /last error, from last [0-9]+ ms ago: WAL_UNAVAILABLE: connection refused/)

  const mute = brokenBuilder({
    writer: (wal) => ({
      append: (batch) => (batch.sequence === 0 ? wal.append(batch) : new Promise(() => {})),
    }),
  })
  const hung = await failureOf('once', /^a batch that is sent again/, mute)
  assert.match(hung, /^Error: once: a batch that is sent again .* not done after 500 ms\..* append \(for/)

  const silent = brokenBuilder({
    scanner: (scanner) => ({
      async next() {
        const batch = await scanner.next()
        return batch?.some(({ payload }) => Buffer.from(payload).includes('a'))
          ? new Promise(() => {})
          : batch
      },
    }),
  })
  const workload = await failureOf('faults', /./, silent, { patienceMs: 2500 })
  assert.match(workload, /the workload: not done after 2250 ms\. The test waited until /)
})

test('H188: errors of the kit name the secret option and where it is shown, the code that came, and each broken rule once', async () => {
  const shown = withLogin((password) => {
    const cause = Object.assign(new Error('refused'), { command: { name: 'auth', args: ['x', password] } })
    return new WalError('WAL_UNAVAILABLE', 'login failed', { cause })
  })
  const secret = await failureOf('secrets', /^a failed login/, shown, {
    failedLogin: { password: 'hunter2' },
  })
  assert.match(secret, /option "password" is shown in the error of openWal\.cause\.command\.args\[1\]\./)

  // The error has to say that `oldest` is missing, and must not be an assertion of the kit wrapped in another one.
  const forgetful = brokenBuilder({
    scanner: (scanner) => {
      const nameless = (error: unknown): never => {
        throw error instanceof PositionTruncatedError ? new WalError(error.code, error.message) : error
      }
      return { ready: () => scanner.ready().catch(nameless), next: () => scanner.next().catch(nameless) }
    },
  })
  const truncated = await failureOf('truncate', /^truncate removes the records below/, forgetful)
  assert.match(truncated, /The WAL_POSITION_TRUNCATED error has no `oldest`/)
  const silent = brokenBuilder({
    log: (log) => ({
      read(options) {
        const { start } = options
        const oldest = typeof start === 'object' && start.from.value < 6
        return log.read(oldest ? { ...options, start: 'oldest' } : options)
      },
    }),
  })
  const skipped = await failureOf('truncate', /^truncate removes the records below/, silent)
  assert.match(skipped, /A scanner that starts at a truncated record began with a later one/)

  const history = new HistoryWriter()
  const writer = { term: 1, incarnation: 'a' }
  history.add({ kind: 'opened', writer })
  for (let i = 0; i < 64; i++) {
    const append = `a${i}`
    history.add({ kind: 'append-invoked', append, writer, vchannel: '', payloadHash: append })
    history.add({ kind: 'append-ok', append, id: i.toString(36), timeTick: `${i + 1}` })
  }
  history.add({ kind: 'scanner-started', scanner: 'reader', start: 'all' })
  history.add({ kind: 'scanner-reached', scanner: 'reader', timeTick: '100' })
  const once =
    /^The history breaks the rules\.\nRule 1 is broken 64 times, first: Append "a0" was written[^\n]*$/
  assert.throws(() => assertKept(history, ids), { message: once })
})
