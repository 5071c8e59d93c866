import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { systemRuntime, WalError } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, isPending, message, open, openReader, pause, texts, within } from '../harness.js'
import { type Gates, gate, gatedBuilder, unknownError } from './gated.js'

cleanLogs()

const QUIET = { timeTickMs: 60_000, appendTimeoutMs: 60_000 }

/** A writer whose pipeline is stuck, and the token of its last append. */
async function stuck(gates: Gates, more: object = {}) {
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET, ...more })
  await wal.append(message('before'))
  gates.before = gate()
  const { token } = await unknownError(wal.append(message('x'), { timeoutMs: 20 }))
  return { wal, token }
}

test('H132: a stuck pipeline delays neither the signal of a resolve nor close', async () => {
  const gates: Gates = {}
  const { wal, token } = await stuck(gates)
  const ending = new AbortController()
  const aborted = wal.resolve(token, { signal: ending.signal })
  const closed = wal.resolve(token)
  assert.deepEqual(await Promise.all([aborted, closed].map((each) => isPending(each))), [true, true])
  const reason = new Error('enough')
  ending.abort(reason)
  await assert.rejects(within(aborted), reason)
  assert.equal(getEventListeners(ending.signal, 'abort').length, 0)
  assert.equal(await isPending(closed), true, 'the other one goes on')
  const closing = wal.close()
  await assert.rejects(within(closed), { code: 'WAL_CLOSED' })
  await within(closing)
  await assert.rejects(wal.resolve(token), { code: 'WAL_CLOSED' })
  gates.before?.open()
})

test('a log that answers nothing delays neither the signal of a resolve nor close, on a writer and on a read-only WAL', async () => {
  const gates: Gates = {}
  const { token } = await stuck(gates)
  for (const accessMode of ['rw', 'ro'] as const) {
    const silent: Gates & { hangs?: boolean } = {}
    const inner = gatedBuilder(silent)
    const hanging = <T extends { read: unknown; last: unknown }>(log: T): T =>
      new Proxy(log, {
        get(target, name) {
          const never = () => new Promise(() => {})
          if (silent.hangs && name === 'last') return never
          if (silent.hangs && name === 'read')
            return () => ({ ready: never, next: never, close: async () => {} })
          const value = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    const builder: typeof inner = {
      ...inner,
      async build(...parameters) {
        const opener = await inner.build(...parameters)
        return {
          open: async (...given) => hanging(await opener.open(...given)),
          openReadOnly: async (...given) => hanging(await opener.openReadOnly(...given)),
          close: () => opener.close(),
        }
      },
    }
    const wal = accessMode === 'rw' ? await open({ builder, ...QUIET }) : await openReader({ builder })
    silent.hangs = true
    const ending = new AbortController()
    const aborted = wal.resolve(token, { signal: ending.signal })
    const closed = wal.resolve(token)
    assert.deepEqual(await Promise.all([aborted, closed].map((each) => isPending(each))), [true, true])
    ending.abort(new Error('enough'))
    await assert.rejects(within(aborted), { message: 'enough' })
    const closing = wal.close()
    await assert.rejects(within(closed), { code: 'WAL_CLOSED' })
    await within(closing)
  }
  gates.before?.open()
})

test('H136: resolve on a writer that has ended rejects without waiting for close, and the newer writer answers', async () => {
  const gates: Gates = {}
  const wal = await open({ builder: gatedBuilder(gates), ...QUIET })
  await wal.append(message('before'))
  gates.failure = new WalError('WAL_CORRUPT', 'the disk is broken')
  const { token } = await unknownError(wal.append(message('x')))
  assert.equal(wal.signal.aborted, true)
  await assert.rejects(within(wal.resolve(token)), (error: WalError) => {
    assert.equal(error.code, 'WAL_CORRUPT')
    assert.match(error.message, /no longer the writer.*next writer.*the disk is broken/)
    assert.equal(error.retryable, false)
    assert.equal((error.cause as WalError).message, 'the disk is broken')
    return true
  })
  const next = await open()
  assert.deepEqual(await within(next.resolve(token)), { outcome: 'not-written' })
  // The older writer can still read the records of the newer one.
  assert.deepEqual(await within(wal.resolve(token)), { outcome: 'not-written' })
  assert.deepEqual(await texts(next.read({ until: 'end' })), ['before'])
})

test('a resolve that waits when its writer ends settles soon', async () => {
  const gates: Gates = {}
  const { wal, token } = await stuck(gates)
  const waiting = wal.resolve(token)
  assert.equal(await isPending(waiting), true)
  const next = await open()
  gates.before?.open()
  // The backend rejects the writer with WAL_FENCED.
  assert.deepEqual(await within(waiting), { outcome: 'not-written' })
  assert.equal(wal.signal.reason.code, 'WAL_FENCED')

  await next.close()

  const lostGates: Gates = {}
  const lost = await stuck(lostGates, { channel: 'lost' })
  const left = lost.wal.resolve(lost.token)
  assert.equal(await isPending(left), true)
  lostGates.failure = new WalError('WAL_CORRUPT', 'the disk is broken')
  lostGates.before?.open()
  await assert.rejects(within(left), { code: 'WAL_CORRUPT' })
})

test('resolve on an ended writer that cannot read the log rejects with the reason after a few tries', async () => {
  const gates: Gates = {}
  const runtime = {
    ...systemRuntime,
    setTimeout: (run: () => void, ms: number, options?: { background?: boolean }) =>
      systemRuntime.setTimeout(run, ms / 100, options),
  }
  const wal = await open({ builder: gatedBuilder(gates), runtime, ...QUIET, appendTimeoutMs: 2 ** 30 })
  await wal.append(message('before'))
  gates.failure = new WalError('WAL_CORRUPT', 'the disk is broken')
  const { token } = await unknownError(wal.append(message('x')))
  gates.readFailure = new Error('connection refused')
  for (const looksWork of [false, true]) {
    gates.looksWork = looksWork
    await assert.rejects(within(wal.resolve(token)), (error: WalError) => {
      assert.equal(error.code, 'WAL_UNAVAILABLE')
      assert.match(error.message, /can't be read.*connection refused/)
      return true
    })
  }
  const failed = gates.scanners ?? 0
  await pause(30)
  assert.equal(gates.scanners, failed, 'it goes on reading')
  // This log gives neither records nor its end.
  gates.readFailure = undefined
  gates.readGate = gate()
  await assert.rejects(within(wal.resolve(token), 5000), (error: WalError) => {
    assert.equal(error.code, 'WAL_UNAVAILABLE')
    assert.match(error.message, /gave nothing for 10000 ms/)
    return true
  })
})
