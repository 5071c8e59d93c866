import assert from 'node:assert/strict'
import { seededRandom } from '@wal/core/testing'
import { test } from 'vitest'
import type { ReadOnlyWAL, Scanner } from '../../src/index.js'
import {
  cleanLogs,
  collect,
  faulty,
  message,
  open,
  openReader,
  textOf,
  texts,
  turn,
  within,
} from '../harness.js'

cleanLogs()

/** A payload so large that some hundreds of them exceed the smallest write-ahead buffer (512 KiB). */
const big = (i: number) => message(String(i).padEnd(3000, '.'))
const numberOf = (each: { payload: Uint8Array }) => Number.parseInt(textOf(each), 10)

function assertConsecutive(numbers: readonly number[], from: number, to: number): void {
  assert.deepEqual(
    numbers,
    Array.from({ length: to - from }, (_, i) => from + i),
  )
}

async function numbers(scanner: Scanner, count: number): Promise<number[]> {
  const seen: number[] = []
  let before = -1n
  for await (const each of scanner) {
    assert.ok(each.timeTick > before, 'time ticks rise')
    before = each.timeTick
    if (seen.push(numberOf(each)) === count) break
  }
  return seen
}

test('H21: scanners that start at any time during appends change to the buffer, miss nothing and give nothing twice', async () => {
  const random = seededRandom(21)
  const wal = await open({ timeTickMs: 1 })
  const total = 3000
  const scanners: Promise<number[]>[] = []
  for (let i = 0; i < total; ) {
    const run = 1 + Math.floor(random() * 40)
    const appends = Array.from({ length: Math.min(run, total - i) }, () => wal.append(message(String(i++))))
    if (random() < 0.15) scanners.push(numbers(wal.read(), total))
    if (random() < 0.5) await Promise.all(appends)
    else await turn()
  }
  assert.ok(scanners.length > 5)
  for (const seen of await within(Promise.all(scanners), 60_000)) assertConsecutive(seen, 0, total)
}, 90_000)

test('H22: a slow reader that falls out of the buffer catches up from the backend and tails again', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  let backendReads = 0
  backend.plan = { script: { next: () => void backendReads++ } }
  const scanner = wal.read()
  let next = 0
  const seen: number[] = []
  const take = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) seen.push(numberOf((await within(scanner.next())).value as never))
  }
  const round = async (count: number): Promise<void> => {
    await Promise.all(Array.from({ length: count }, () => wal.append(big(next++))))
  }
  await round(10)
  await take(10)
  for (let i = 1; i <= 3; i++) {
    const before = backendReads
    for (let runs = 0; runs < 5; runs++) await round(80)
    await take(400)
    // The reader had to go back to the backend, and has closed its backend scanner again since.
    assert.ok(backendReads > before, `evicted ${i}`)
    const tailing = backendReads
    await round(5)
    await take(5)
    assert.equal(backendReads, tailing)
  }
  assertConsecutive(seen, 0, next)
  await scanner.close()
})

test('H23: when the backend fails during catch-up, nothing is lost and nothing delivered twice, from every start', async () => {
  const writer = await open()
  const first = await Promise.all(Array.from({ length: 40 }, (_, i) => writer.append(message(String(i)))))
  const at20 = first[20]?.position ?? ''
  const starts = [
    [{}, 0],
    [{ from: at20 }, 20],
    [{ after: at20 }, 21],
    [{ deliver: 'latest' }, 40],
  ] as const
  const backend = faulty()
  // Each reader has a WAL of its own. On one WAL they would share a backend scanner at the log's end.
  const readers = await Promise.all(starts.map(() => openReader({ builder: backend.builder })))
  const scanners = starts.map(([options], i) => (readers[i] as ReadOnlyWAL).read(options))
  await Promise.all(scanners.map((scanner) => scanner.ready()))
  let calls = 0
  backend.plan = { script: { next: () => (calls++ % 3 === 0 ? 'fail' : undefined) } }
  const reading = scanners.map((scanner, i) => numbers(scanner, 80 - (starts[i]?.[1] ?? 0)))
  for (let i = 40; i < 80; i++) await writer.append(message(String(i)))
  const seen = await within(Promise.all(reading), 60_000)
  for (const [i, each] of seen.entries()) assertConsecutive(each, starts[i]?.[1] ?? 0, 80)
  assert.ok(backend.countAt('next', 'fail') > 4)
}, 90_000)

test('H24: a reader of time ticks that starts on an idle channel is given one promptly', async () => {
  const wal = await open({ timeTickMs: 60_000, idleTickMs: 0 })
  const scanner = wal.read({ deliver: 'latest', timeTicks: true })
  assert.equal((await within(scanner.next())).value?.kind, 'timeTick')
})

test('H27: a slow reader delays neither the writer nor other readers nor time ticks', async () => {
  const wal = await open({ timeTickMs: 1 })
  const slow = wal.read({ timeTicks: true })
  await slow.next()
  const quick = numbers(wal.read(), 600)
  for (let i = 0; i < 600; i += 60)
    await within(Promise.all(Array.from({ length: 60 }, (_, j) => wal.append(big(i + j)))))
  assertConsecutive(await within(quick), 0, 600)
  const last = await wal.barrier()
  const seen: number[] = []
  let ticks = 0
  for await (const each of slow) {
    if (each.kind === 'message') seen.push(numberOf(each))
    else ticks++
    if (each.timeTick >= last) break
  }
  assertConsecutive(seen, 0, 600)
  assert.ok(ticks > 0)
})

test('H28: close ends a scanner that waits for the backend, at the buffer, or in the user’s loop', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  await wal.append(message('one'))
  backend.plan = { script: { next: () => backend.hang() } }
  const reading = (await openReader({ builder: backend.builder })).read()
  const inRead = reading.next()
  await turn()
  backend.plan = {}
  const tailing = wal.read()
  await tailing.next()
  const inWait = tailing.next()
  const looping = wal.read()
  const loop = (async () => {
    for await (const each of looping) {
      assert.equal(textOf(each), 'one')
      await looping.close()
    }
    return 'ended'
  })()
  backend.letGo()
  await within(Promise.all([reading.close(), tailing.close()]))
  assert.equal((await within(inWait)).done, true)
  const answered = await within(inRead)
  assert.ok(answered.done || textOf(answered.value as never) === 'one')
  assert.equal(await within(loop), 'ended')
})

test('H30: a read-only log reads only the backend, also in the process of its writer', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder })
  const reader = await openReader({ builder: backend.builder })
  const scanner = reader.read()
  let reads = 0
  backend.plan = { script: { next: () => void reads++ } }
  for (let i = 0; i < 5; i++) {
    await wal.append(message(String(i)))
    const before = reads
    assert.equal(textOf((await within(scanner.next())).value as never), String(i))
    assert.ok(reads > before)
  }
  await scanner.close()
  assert.deepEqual(
    (await collect(reader.read({ until: 'end' }))).map(textOf),
    await texts(wal.read({ until: 'end' })),
  )
})
