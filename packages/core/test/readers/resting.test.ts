import assert from 'node:assert/strict'
import { test } from 'vitest'
import type { ReadOnlyWAL, ReadOptions, Scanner } from '../../src/index.js'
import { foreignLog } from '../foreign-log.js'
import { cleanLogs, collect, message, open, openReader, within } from '../harness.js'
import { loseAllBut } from '../stored-log.js'
import { watchedReaders } from './watched-readers.js'

cleanLogs()

const MANY = 100
const RECORDS = 400
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i))
const text = (payload: Uint8Array | undefined) =>
  Buffer.from(payload ?? [])
    .toString()
    .trim()

/** Messages of 2 kB each, on two vchannels in turn. */
async function fullLog() {
  const wal = await open({ timeTickMs: 60_000 })
  const results = await wal.appendBatch(
    numbers(0, RECORDS).map((each) =>
      message(each.padStart(2000), { vchannel: Number(each) % 2 ? 'odd' : 'even' }),
    ),
  )
  return { wal, results }
}

async function take(scanner: Scanner, count: number): Promise<string[]> {
  const seen: string[] = []
  while (seen.length < count) {
    const { value, done } = await scanner.next()
    if (done) break
    seen.push(text(value.payload))
  }
  return seen
}

/** Scanners that stop after this many messages again and again, each so long that other scanners take over its memory. */
async function inTurns(wal: ReadOnlyWAL, options: ReadOptions, count: number): Promise<string[][]> {
  const scanners = Array.from({ length: MANY }, () => wal.read(options as object))
  const seen: string[][] = scanners.map(() => [])
  for (const stop of [1, 3, 7, count])
    for (const [i, scanner] of scanners.entries())
      seen[i]?.push(...(await within(take(scanner, stop), 20_000)))
  await Promise.all(scanners.map((scanner) => scanner.close()))
  return seen
}

test('H172: of many readers that stopped, most hold nothing in the backend', async () => {
  await fullLog()
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder })
  const scanners = Array.from({ length: MANY }, () => reader.read())
  for (const scanner of scanners) assert.deepEqual(await take(scanner, 1), ['0'])
  assert.ok(watch.open <= 16, `${watch.open} scanners are open`)
  for (const scanner of scanners) assert.deepEqual(await take(scanner, 3), ['1', '2', '3'])
  assert.ok(watch.open <= 16, `${watch.open} scanners are open`)
  await Promise.all(scanners.map((scanner) => scanner.close()))
  assert.equal(watch.open, 0)
})

test('H173: a reader that released its backend scanner goes on with the message behind its last one, from every start', async () => {
  const { wal, results } = await fullLog()
  const middle = results[200]?.position as string
  const cases: [ReadOptions, string[]][] = [
    [{ until: 'end' }, numbers(0, RECORDS)],
    [{ after: middle, until: 'end' }, numbers(201, RECORDS)],
    [{ from: middle, until: results[300]?.position as string }, numbers(200, 301)],
    [{ vchannel: 'odd', until: 'end' }, numbers(0, RECORDS).filter((each) => Number(each) % 2 === 1)],
    [{ gaps: 'deliver', until: 'end' }, numbers(0, RECORDS)],
  ]
  const reader = await openReader()
  for (const each of [reader, wal])
    for (const [options, expected] of cases)
      for (const seen of await inTurns(each, options, RECORDS)) assert.deepEqual(seen, expected)
}, 120_000)

test('a latest reader that released its backend scanner misses no message from after its start', async () => {
  const { wal } = await fullLog()
  const reader = await openReader()
  const scanners = Array.from({ length: MANY }, () => reader.read({ deliver: 'latest' }))
  await Promise.all(scanners.map((scanner) => scanner.ready()))
  await wal.appendBatch(numbers(0, 200).map((each) => message(each.padStart(2000))))
  const seen: string[][] = scanners.map(() => [])
  for (const stop of [1, 3, 196])
    for (const [i, scanner] of scanners.entries())
      seen[i]?.push(...(await within(take(scanner, stop), 20_000)))
  for (const each of seen) assert.deepEqual(each, numbers(0, 200))
})

test('readers of another system’s log release their backend scanners and go on', async () => {
  const log = await foreignLog()
  for (const each of numbers(0, 200))
    await log.append(
      { timeTick: 2 * Number(each) + 1, text: each.padStart(2000) },
      { timeTick: 2 * Number(each) + 2, tick: true },
    )
  const reader = await openReader()
  for (const seen of await inTurns(reader, { until: 'end' }, 200)) assert.deepEqual(seen, numbers(0, 200))
}, 60_000)

test('a reader whose messages were truncated while it had no backend scanner rejects or gives a gap', async () => {
  const { wal, results } = await fullLog()
  const reader = await openReader()
  const strict = Array.from({ length: MANY }, () => reader.read())
  const lenient = Array.from({ length: MANY }, () => reader.read({ gaps: 'deliver' }))
  for (const scanner of [...strict, ...lenient]) await scanner.next()
  await wal.append(message('last'))
  await wal.truncate(results[RECORDS - 1]?.position as string)
  let told = 0
  for (const scanner of strict) {
    const error = await take(scanner, RECORDS).catch((reason) => reason)
    if (error.code === 'WAL_POSITION_TRUNCATED') told++
  }
  assert.ok(told >= MANY - 16, `${told} were told`)
  let gaps = 0
  for (const scanner of lenient) {
    const { value } = await within(scanner.next())
    if (value?.kind !== 'gap') continue
    gaps++
    assert.equal(text((await within(scanner.next() as ReturnType<Scanner['next']>)).value?.payload), 'last')
  }
  assert.ok(gaps >= MANY - 16, `${gaps} were given the gap`)
})

test('a reader that had no backend scanner while its log lost its end rejects and gives no new record first', async () => {
  const { wal } = await fullLog()
  const reader = await openReader()
  const scanners = Array.from({ length: MANY }, () => reader.read())
  for (const scanner of scanners) await take(scanner, 300)
  loseAllBut(100)
  await wal.close().catch(() => {})
  const next = await open()
  await next.appendBatch(numbers(0, 300).map((each) => message(`other ${each}`)))
  for (const scanner of scanners.slice(0, MANY - 16))
    await assert.rejects(within(collect(scanner)), { code: 'WAL_LOG_ROLLED_BACK' })
})

test('a bounded reader that has given everything ends, also when its messages are truncated then', async () => {
  const { wal, results } = await fullLog()
  const reader = await openReader()
  const bounded = reader.read({ until: results[9]?.position as string })
  assert.deepEqual(await take(bounded, 10), numbers(0, 10))
  for (const other of Array.from({ length: MANY }, () => reader.read())) await take(other, 1)
  await wal.truncate(results[30]?.position as string)
  assert.equal((await within(bounded.next())).done, true)
})

test('H207: readers that are started at the same time read small pages', async () => {
  await fullLog()
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder, budgetBytes: 64 << 20 })
  const scanners = Array.from({ length: MANY }, () => reader.read())
  await Promise.all(scanners.map((scanner) => scanner.ready()))
  watch.pageBytes = 0
  await Promise.all(scanners.map((scanner) => take(scanner, 1)))
  assert.ok(watch.pageBytes <= 8 << 20, `pages of ${watch.pageBytes} bytes together`)
})

test('a reader that opens a backend scanner again does not read the log’s end', async () => {
  await fullLog()
  const { watch, builder } = watchedReaders()
  const reader = await openReader({ builder })
  const scanners = Array.from({ length: MANY }, () => reader.read())
  for (const scanner of scanners) await take(scanner, 1)
  const { looks } = watch
  for (const scanner of scanners) assert.deepEqual(await take(scanner, 1), ['1'])
  assert.equal(watch.looks, looks)
})
