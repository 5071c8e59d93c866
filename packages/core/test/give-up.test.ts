import assert from 'node:assert/strict'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import type { AppendBatchError, AppendError, Interceptor } from '../src/index.js'
import { cleanLogs, open, pause, within } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

const MANY = 20_000

/** A writer whose appends hang, and a count of its calls of `yield`. */
async function hanging(more: object = {}) {
  let hangs = false
  const builder = overMemory((log) => ({
    append: async (batch) => {
      if (hangs) await new Promise(() => {})
      return log.append(batch)
    },
  }))
  const turns = { count: 0 }
  const runtime = {
    ...systemRuntime,
    yield: () => {
      turns.count++
      return systemRuntime.yield()
    },
  }
  const room = { budgetBytes: 256 << 20, maxWaitingBytes: 256 << 20, timeTickMs: 60_000, closeTimeoutMs: 20 }
  const wal = await open({ builder, runtime, ...room, ...more })
  hangs = true
  return { wal, turns }
}

const payload = new Uint8Array(100)
const deaf: Interceptor = { name: 'deaf', append: () => new Promise(() => {}) }

/** The ways in which thousands of appends fail at once. */
interface Cause {
  readonly timeoutMs?: number
  readonly aborts?: true
  readonly closes?: true
  readonly interceptors?: readonly Interceptor[]
}

async function endInTurns({ timeoutMs, aborts, closes, interceptors }: Cause): Promise<void> {
  const { wal, turns } = await hanging(interceptors && { interceptors })
  const ending = new AbortController()
  const choices = { ...(timeoutMs && { timeoutMs }), ...(aborts && { signal: ending.signal }) }
  const order: number[] = []
  const errors: AppendError[] = []
  const appends = Array.from({ length: MANY }, (_, i) =>
    wal.append({ payload }, choices).catch((error: AppendError) => {
      order.push(i)
      errors.push(error)
    }),
  )
  await pause(50)
  const before = turns.count
  if (aborts) ending.abort(new Error('enough'))
  const closing = closes && wal.close()
  await within(Promise.all(appends), 60_000)
  assert.ok(turns.count - before >= 2, `${turns.count - before} turns`)
  assert.deepEqual(order, [...Array(MANY).keys()])
  const unknown = errors.filter(({ token }) => token !== undefined)
  assert.equal(unknown.length > 0, interceptors === undefined)
  assert.equal(new Set(unknown.map(({ token }) => token)).size, unknown.length)
  await closing
}

test('H140: 20,000 appends whose deadlines pass at once let the event loop do other work, and settle in order', async () => {
  await endInTurns({ timeoutMs: 300 })
}, 120_000)

const causes: [string, Cause][] = [
  ['that an abort ends', { aborts: true }],
  ['that a close ends', { closes: true }],
  ['in an interceptor whose deadline passes', { timeoutMs: 1500, interceptors: [deaf] }],
  ['in an interceptor that an abort ends', { aborts: true, interceptors: [deaf] }],
  ['in an interceptor that a close ends', { closes: true, interceptors: [deaf] }],
]
for (const [which, cause] of causes)
  test(
    `20,000 appends ${which} at once let the event loop do other work, and settle in order`,
    () => endInTurns(cause),
    120_000,
  )

test('messages of one appendBatch that fail together share one error and one token', async () => {
  const { wal } = await hanging()
  const batch = wal.appendBatch(
    Array.from({ length: MANY }, () => ({ payload })),
    { timeoutMs: 100 },
  )
  const error: AppendBatchError = await within(
    batch.then(
      () => assert.fail('it was acknowledged'),
      (reason) => reason,
    ),
    20_000,
  )
  assert.equal(error.outcome, 'unknown')
  assert.ok((error.token as string).length < 300, error.token)
  assert.equal((error.cause as AppendError).token, undefined, 'the first message’s alone')
})

test('close resolves after every append has settled', async () => {
  const { wal } = await hanging()
  let told = 0
  const appends = Array.from({ length: MANY }, () => wal.append({ payload }).catch(() => void told++))
  await pause(20)
  await within(wal.close(), 20_000)
  assert.equal(told, MANY)
  await Promise.all(appends)
}, 60_000)
