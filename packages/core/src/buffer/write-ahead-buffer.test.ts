import assert from 'node:assert/strict'
import type { Runtime } from '@wal/walimpls'
import { simulatedRuntime } from '@wal/walimpls/testing'
import fc from 'fast-check'
import { test } from 'vitest'
import type { LogRecord } from '../log/log-record.js'
import type { Run } from './run.js'
import { type BufferReader, WriteAheadBuffer } from './write-ahead-buffer.js'

function run(first: number, count: number, bytes = count * 10): Run {
  const records = Array.from({ length: count }, (_, i) => ({ timeTick: BigInt(first + i) }) as LogRecord)
  return {
    bytes,
    decode: () => [...records],
    firstTimeTick: BigInt(first),
    lastTimeTick: BigInt(first + count - 1),
  } as unknown as Run
}
const ticks = (taken: ReturnType<BufferReader['next']>) =>
  typeof taken === 'object' ? taken.records.map((each) => Number(each.timeTick)) : taken

const buffer = (capacityBytes = 100, maxAgeMs = 1000, runtime: Runtime = simulatedRuntime({ seed: 1 })) =>
  new WriteAheadBuffer({ capacityBytes, maxAgeMs, floor: 10n, runtime })

test('covers what lies between its floor and the newest record', () => {
  const one = buffer()
  assert.deepEqual(
    [9n, 10n, 11n].map((tick) => one.covers(tick)),
    [false, true, false],
  )
  one.append(run(11, 3), 0)
  assert.deepEqual(
    [9n, 10n, 12n, 13n, 14n].map((tick) => one.covers(tick)),
    [false, true, true, true, false],
  )
})

test('a reader starts in the middle of a run, goes on as they come, and is told when it fell out', () => {
  const one = buffer()
  one.append(run(11, 3), 0)
  const reader = one.readAfter(12n)
  const late = one.readAfter(10n)
  assert.deepEqual(ticks(reader.next()), [13])
  assert.equal(reader.next(), undefined)
  one.append(run(14, 2), 0)
  assert.deepEqual(ticks(reader.next()), [14, 15])
  one.append(run(16, 9), 0)
  assert.equal(late.next(), 'evicted')
  assert.equal(one.covers(12n), false)
  assert.equal(one.covers(15n), true)
  assert.deepEqual(ticks(reader.next()), [16, 17, 18, 19, 20, 21, 22, 23, 24])
})

test('evicts by bytes and by age; the newest run stays though it is too large', () => {
  const one = buffer()
  one.append(run(11, 1, 1000), 0)
  assert.equal(one.bytes, 1000)
  one.append(run(12, 1, 10), 0)
  assert.equal(one.bytes, 10)
  one.append(run(13, 1, 10), 500)
  assert.equal(one.bytes, 20)
  one.append(run(14, 1, 10), 1001)
  assert.equal(one.bytes, 20)
  assert.deepEqual(
    [12n, 11n].map((tick) => one.covers(tick)),
    [true, false],
  )
})

test('close wakes who waits, and everybody goes back to the backend', () => {
  const one = buffer()
  let woken = 0
  one.onChange(() => woken++)
  const forget = one.onChange(() => woken++)
  forget()
  const reader = one.readAfter(10n)
  one.append(run(11, 1), 0)
  one.onChange(() => woken++)
  one.close()
  assert.equal(woken, 2)
  assert.equal(reader.next(), 'evicted')
  assert.equal(one.covers(11n), false)
  one.append(run(12, 1), 0)
  assert.equal(one.newest, 11n)
  assert.equal(one.bytes, 0)
})

test('readers see a gapless rest, or `evicted`, through any number of runs', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 60 }),
      (sizes, every) => {
        const one = buffer(80)
        const readers = [{ reader: one.readAfter(10n), at: 10 }]
        let next = 11
        for (const [i, size] of sizes.entries()) {
          one.append(run(next, size), 0)
          next += size
          assert.ok(one.bytes <= 80 || one.bytes === size * 10)
          for (let tick = 10; tick < next; tick++)
            if (one.covers(BigInt(tick)) && (tick + i) % 7 === 0)
              readers.push({ reader: one.readAfter(BigInt(tick)), at: tick })
          if (i % (every + 1) !== 0) continue
          for (const each of readers) {
            for (
              let taken = ticks(each.reader.next());
              Array.isArray(taken);
              taken = ticks(each.reader.next())
            )
              for (const tick of taken) assert.equal(tick, ++each.at)
          }
        }
      },
    ),
    { numRuns: 200 },
  )
})

test('thousands of runs: what was let go of is dropped from time to time', () => {
  const one = buffer(50)
  const reader = one.readAfter(10n)
  for (let i = 0; i < 20_000; i++) {
    one.append(run(11 + i, 1), 0)
    assert.deepEqual(ticks(reader.next()), [11 + i])
  }
  assert.equal(typeof one.readAfter(20_008n).next() === 'object', true)
})

test('H163: what nobody appends to any more is let go of at its age, and readers go on from there', async () => {
  const time = simulatedRuntime({ seed: 1 })
  const one = buffer(100, 1000, time)
  const stuck = one.readAfter(10n)
  const tailing = one.readAfter(10n)
  one.append(run(11, 2), time.monotonic())
  await time.advance(500)
  one.append(run(13, 1), time.monotonic())
  assert.deepEqual(ticks(tailing.next()), [11, 12])
  await time.advance(499)
  assert.equal(one.runs, 2)
  await time.advance(2)
  assert.equal(one.bytes, 10)
  assert.deepEqual(ticks(tailing.next()), [13])
  await time.advance(500)
  assert.equal(one.bytes, 0)
  assert.equal(one.runs, 0)
  assert.equal(stuck.next(), 'evicted')
  assert.equal(tailing.next(), undefined)
  // A reader that has everything meets the empty buffer; one that lacks something does not.
  assert.deepEqual(
    [12n, 13n].map((tick) => one.covers(tick)),
    [false, true],
  )
  const late = one.readAfter(13n)
  one.append(run(14, 2), time.monotonic())
  assert.deepEqual(
    [tailing, late].map((reader) => ticks(reader.next())),
    [
      [14, 15],
      [14, 15],
    ],
  )
})

test('a busy buffer sets few timers for its age, and none after close', async () => {
  const time = simulatedRuntime({ seed: 1 })
  let timers = 0
  const runtime = Object.create(time, {
    setTimeout: {
      value: (...given: Parameters<Runtime['setTimeout']>) => {
        timers++
        return time.setTimeout(...given)
      },
    },
  }) as Runtime
  const one = buffer(1 << 20, 1000, runtime)
  for (let i = 0; i < 10_000; i++) {
    one.append(run(11 + i, 1), time.monotonic())
    await time.advance(1)
  }
  assert.ok(one.runs >= 900 && one.runs <= 1001, `${one.runs} runs`)
  assert.ok(timers <= 200, `${timers} timers in ten times the age`)
  one.close()
  const before = timers
  await time.advance(5000)
  assert.equal(timers, before)
})

test('H162: records that readers share are charged, a few of the last are kept, and no more is held than may be', () => {
  const one = buffer(1000)
  const decoded: number[] = []
  const append = (first: number, bytes: number) => {
    const made = run(first, 1, bytes)
    const decode = made.decode.bind(made)
    made.decode = () => {
      decoded.push(first)
      return decode()
    }
    one.append(made, 0)
  }
  const readers = Array.from({ length: 16 }, () => one.readAfter(10n))
  const takeAll = () => {
    for (const reader of readers) reader.next()
  }
  for (let tick = 11; tick <= 20; tick++) append(tick, 50)
  assert.equal(one.bytes, 500)
  for (let i = 0; i < 10; i++) takeAll()
  // Each run once for sixteen readers; of ten, two are kept.
  assert.deepEqual(decoded, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
  assert.equal(one.bytes, 600)
  const late = one.readAfter(10n)
  late.next()
  assert.equal(decoded.length, 11)
  assert.equal(one.bytes, 600)

  for (let tick = 21; tick <= 60; tick++) {
    append(tick, 90)
    assert.ok(one.bytes <= 1000, `${one.bytes} bytes`)
    takeAll()
    assert.ok(one.bytes <= 1000, `${one.bytes} bytes with what was decoded`)
  }
  // One larger than all that may be kept is shared as well, and goes with the run.
  append(61, 950)
  takeAll()
  assert.equal(decoded.filter((first) => first === 61).length, 1)
  assert.equal(one.bytes, 1900)
  append(62, 10)
  assert.equal(one.bytes, 10)
})
