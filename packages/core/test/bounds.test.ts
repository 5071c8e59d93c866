import assert from 'node:assert/strict'
import type { Batch } from '@wal/walimpls'
import { test } from 'vitest'
import { cleanLogs, faulty, message, open, pause, texts, turn, within } from './harness.js'
import { overMemory } from './over-memory.js'

cleanLogs()

test('G15 appends that nobody awaits are refused beyond maxWaitingBytes, and memory does not grow', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, maxWaitingBytes: 1 << 20 })
  backend.plan = { script: { append: () => backend.hang() } }
  const outcomes = new Map<string, number>()
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  const kept: Promise<unknown>[] = []
  let heapAfterFirst = 0
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 1000; i++) {
      const append = wal.append(message('x'.repeat(1000)))
      if (kept.length < 5) kept.push(append)
      append.then(
        () => count('written'),
        (error: { code: string; outcome: string }) => count(`${error.code} ${error.outcome}`),
      )
    }
    await turn()
    if (round === 4) heapAfterFirst = process.memoryUsage().rss
  }
  const refused = outcomes.get('WAL_RATE_LIMITED not-written') ?? 0
  assert.ok(refused > 38_000, String(refused))
  assert.equal(outcomes.size, 1)
  assert.ok(process.memoryUsage().rss - heapAfterFirst < 100 << 20)
  backend.plan = {}
  backend.letGo()
  await within(Promise.all(kept))
  const accepted = 40_000 - refused
  const all = async () => {
    while ((outcomes.get('written') ?? 0) < accepted) await pause(5)
  }
  await within(all())
  assert.equal(outcomes.get('written'), accepted)
  await within(wal.append(message('after')))
  assert.equal((await texts(wal.read({ until: 'end' }))).length, accepted + 1)
})

test('G19 a message, and a batch, larger than the budget is admitted alone', async () => {
  const wal = await open({ maxWaitingBytes: 0 })
  const large = message('x'.repeat(3 << 20))
  await within(wal.append(large))
  const batch = Array.from({ length: 12 }, (_, i) => message(String(i).padEnd(400_000, '.')))
  assert.equal((await within(wal.appendBatch(batch))).length, 12)
  await within(wal.appendBatch([large, large]))
  await within(wal.append(message('small')))
})

test('G19 a message over the backend’s limit rejects at once', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, backend: { maxRecordBytes: 4096 } })
  backend.plan = { script: { append: () => backend.hang() } }
  const inFlight = wal.append(message('a'))
  await turn()
  await assert.rejects(within(wal.append(message('x'.repeat(4096))), 50), {
    code: 'WAL_MESSAGE_TOO_LARGE',
    outcome: 'not-written',
    retryable: false,
  })
  const properties = new Map([['k', 'v'.repeat(5000)]])
  await assert.rejects(within(wal.append(message('', { properties })), 50), { code: 'WAL_MESSAGE_TOO_LARGE' })
  backend.letGo()
  await within(inFlight)
  backend.plan = {}
  await wal.append(message('x'.repeat(2000)))
})

/** The bytes of a batch: payloads, and keys and values of properties in UTF-8. */
function wireBytes({ messages }: Pick<Batch, 'messages'>): number {
  return messages.reduce(
    (sum, { payload, properties }) => sum + payload.length + Buffer.byteLength(properties.join('')),
    0,
  )
}

test('H165: batches stay within the limits by their bytes in any script, and a larger record goes alone', async () => {
  const LIMIT = 32 << 10
  const batches: Batch[] = []
  const builder = overMemory((log) => ({
    limits: { ...log.limits, maxBatchBytes: LIMIT, maxRecordBytes: 2 * LIMIT },
    append(batch) {
      batches.push(batch)
      return log.append(batch)
    },
  }))
  const wal = await open({ builder, batchBytes: 1 << 20, timeTickMs: 60_000 })
  const chinese = (count: number) => message('', { properties: new Map([['k', '界'.repeat(count)]]) })
  const large = chinese(15_000)
  const appends = Array.from({ length: 100 }, (_, i) => (i === 50 ? large : chinese(1000)))
  await within(Promise.all(appends.map((each) => wal.append(each))))
  for (const batch of batches) {
    const bytes = wireBytes(batch)
    assert.ok(batch.messages.length === 1 || bytes <= LIMIT, `a batch of ${bytes} bytes`)
    assert.equal(batch.bytes, bytes)
  }
  assert.equal(batches.filter(({ bytes }) => bytes > LIMIT).length, 1)
  await assert.rejects(wal.append(chinese(25_000)), { code: 'WAL_MESSAGE_TOO_LARGE', outcome: 'not-written' })
})

test('G15 appendAll takes no more messages from its source than the budget has room for', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  backend.plan = { script: { append: () => backend.hang() } }
  let pulled = 0
  function* source() {
    for (let i = 0; i < 2000; i++) {
      pulled++
      yield message(String(i).padEnd(1000, '.'))
    }
  }
  const results = wal.appendAll(source())
  const first = results.next()
  await pause(10)
  assert.ok(pulled < 600, String(pulled))
  backend.plan = {}
  backend.letGo()
  await within(first)
  let count = 1
  for await (const _ of results) count++
  assert.equal(count, 2000)
})

test('G15 appendAll and append behind an interceptor that waits are bounded too', async () => {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const interceptor = {
    name: 'gate',
    append: async (append: { message: never }, next: (m: never) => Promise<never>) => {
      await gate
      return next(append.message)
    },
  }
  const wal = await open({ maxWaitingBytes: 1 << 20, interceptors: [interceptor as never] })
  let pulled = 0
  function* source() {
    for (let i = 0; i < 5000; i++) {
      pulled++
      yield message(String(i).padEnd(1000, '.'))
    }
  }
  const loading = (async () => {
    let count = 0
    for await (const _ of wal.appendAll(source())) count++
    return count
  })()
  await pause(20)
  assert.ok(pulled < 1500, String(pulled))
  const others = Array.from({ length: 5000 }, () => wal.append(message('y'.repeat(1000))))
  const refused = (await Promise.race([Promise.allSettled(others), pause(50)])) ?? []
  assert.deepEqual(refused, [])
  go()
  const outcomes = await within(Promise.allSettled(others), 5000)
  const limited = outcomes.filter((each) => each.status === 'rejected')
  assert.ok(limited.length > 3000)
  assert.ok(limited.every((each) => (each as PromiseRejectedResult).reason.code === 'WAL_RATE_LIMITED'))
  assert.equal(await within(loading, 10_000), 5000)
})

test('appendAll ends when the source fails, an append fails, a message is bad, or the loop breaks', async () => {
  const wal = await open()
  const boom = new Error('boom')
  function* failing() {
    yield message('1')
    yield message('2')
    throw boom
  }
  const got: string[] = []
  const load = async (source: Iterable<never>) => {
    for await (const { vchannel } of wal.appendAll(source)) got.push(vchannel)
  }
  await assert.rejects(load(failing() as Iterable<never>), (error) => error === boom)
  assert.equal(got.length, 2, 'what was written before the source failed is told')
  await assert.rejects(load([message('3'), 'bad'] as never), { code: 'WAL_INVALID_ARGUMENT' })
  assert.throws(() => wal.appendAll(undefined as never), { code: 'WAL_INVALID_ARGUMENT' })
  assert.throws(() => wal.appendAll('text' as never), { code: 'WAL_INVALID_ARGUMENT' })

  let closed = false
  async function* endless() {
    try {
      for (let i = 0; ; i++) yield message(String(i))
    } finally {
      closed = true
    }
  }
  for await (const _ of wal.appendAll(endless())) break
  assert.equal(closed, true)

  // A `break` also ends the loop while its source would wait forever, as a reader at the end of another log does.
  const tail = wal.read()
  const seen: string[] = []
  const other = await open({ channel: 'other' })
  const copying = other.appendAll(
    (async function* () {
      for await (const each of tail) yield each
    })(),
  )
  for await (const result of copying) {
    seen.push(result.messageId)
    if (seen.length === 3) break
  }
  assert.equal(seen.length, 3)
})
