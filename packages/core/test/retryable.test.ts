import assert from 'node:assert/strict'
import { test } from 'vitest'
import { AppendError, type WAL, WalError } from '../src/index.js'
import { cleanLogs, faulty, message, open, turn, within } from './harness.js'

cleanLogs()

const denied = () =>
  new WalError('WAL_UNAVAILABLE', 'EACCES: permission denied, open /data/orders/1.segment', {
    retryable: false,
  })

/** A writer that ended because its backend failed for good. */
async function endedWriter(options: Parameters<typeof open>[0] = {}): Promise<WAL> {
  const backend = faulty()
  const wal = await open({ ...options, builder: backend.builder })
  backend.plan = { script: { append: () => denied() } }
  await assert.rejects(within(wal.append(message('a'))), {
    code: 'WAL_UNAVAILABLE',
    retryable: false,
    message: /EACCES/,
  })
  assert.equal(wal.signal.aborted, true)
  backend.plan = {}
  return wal
}

const passes = {
  name: 'passes',
  append: (append: { message: never }, next: (m: never) => never) => next(append.message),
}

test('H150: no error of a writer that has ended is retryable', async () => {
  for (const interceptors of [[], [passes as never]]) {
    const wal = await endedWriter({ interceptors, channel: `log-${interceptors.length}` })
    const calls: Record<string, () => Promise<unknown>> = {
      append: () => wal.append(message('b')),
      appendBatch: () => wal.appendBatch([message('b'), message('c')]),
      appendAll: async () => {
        for await (const _ of wal.appendAll([message('b')]));
      },
      barrier: () => wal.barrier(),
      truncate: () => wal.truncate('x'),
      latestReadableTimeTick: () => wal.latestReadableTimeTick(),
    }
    for (const [name, call] of Object.entries(calls)) {
      const error = (await within(call()).catch((reason: unknown) => reason)) as AppendError
      assert.equal(error.code, 'WAL_UNAVAILABLE', name)
      assert.equal(error.outcome, 'not-written', name)
      assert.equal(error.retryable, false, name)
      assert.match(error.message, /EACCES/, name)
    }
  }
})

test('a loop that appends again while errors are retryable ends when its writer ends', async () => {
  const wal = await endedWriter()
  let calls = 0
  for (let again = true; again && calls < 1000; ) {
    calls++
    again = await wal.append(message('b')).then(
      () => false,
      (error: WalError) => error.retryable,
    )
  }
  assert.equal(calls, 1)
})

test('errors of appends that wait or are in flight when the writer ends are not retryable either', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 8 << 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const appends = Array.from({ length: 20 }, () => wal.append(message('x'.repeat(50_000))))
  appends.push(wal.appendBatch([message('y'), message('z')]).then((results) => results[0] as never))
  const settled = Promise.allSettled(appends)
  await turn()
  backend.plan = { script: { append: () => denied() } }
  backend.letGo()
  const errors = (await within(settled)).flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  assert.ok(errors.length > 5)
  for (const error of errors) {
    assert.equal(error.code, 'WAL_UNAVAILABLE')
    assert.equal(error.retryable, false)
  }
})

test('an AppendBatchError is retryable exactly when its cause is', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 0 })
  backend.plan = { script: { append: () => backend.hang() } }
  const large = { payload: new Uint8Array(200_000) }
  // One append is in flight, and one waits for room.
  const before = [wal.append(large), wal.append(large)]
  await turn()
  await assert.rejects(wal.appendBatch([large]), {
    name: 'AppendBatchError',
    code: 'WAL_RATE_LIMITED',
    retryable: true,
  })
  await assert.rejects(wal.appendBatch([{ payload: new Uint8Array(20 << 20) }]), {
    name: 'AppendBatchError',
    code: 'WAL_MESSAGE_TOO_LARGE',
    retryable: false,
  })
  backend.plan = {}
  backend.letGo()
  await within(Promise.all(before))
})

test('the error of an append with an unknown outcome is never retryable, whatever its cause', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: () => new WalError('WAL_UNAVAILABLE', 'down', { retryable: true }) } }
  await assert.rejects(within(wal.append(message('a'), { timeoutMs: 30 })), {
    code: 'WAL_OUTCOME_UNKNOWN',
    retryable: false,
  })
  backend.plan = {}
})

test('the error of an open that fails has no outcome', async () => {
  await (await open()).close()
  const backend = faulty()
  const refused = new AppendError('WAL_UNAVAILABLE', 'EACCES', { outcome: 'not-written', retryable: false })
  backend.plan = { script: { append: () => refused } }
  const error = await within(open({ builder: backend.builder })).catch((reason: unknown) => reason)
  assert.ok(WalError.isInstance(error))
  assert.deepEqual([error.code, error.name, error.retryable], ['WAL_UNAVAILABLE', 'WalError', false])
  assert.equal('outcome' in error, false)
})
