import assert from 'node:assert/strict'
import { LOGICAL_LIMIT, millisecondsOf, type Runtime, timeTickOf } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import { HybridClock, sharedClock } from './hybrid-clock.js'

/** `pass` is real time, which both clocks show; `wall.now += …` alone is a step of the wall clock. */
function clockAt(now: number) {
  const wall = { now }
  let elapsed = 0
  const pass = (ms: number) => {
    wall.now += ms
    elapsed += ms
  }
  const runtime = { now: () => Math.floor(wall.now), monotonic: () => elapsed } as Runtime
  return { wall, pass, elapsed: () => elapsed, clock: new HybridClock(runtime) }
}

test('runs of ticks never overlap nor go back, whatever the wall clock does and whatever is observed', () => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 1 << 17 }) }),
    fc.record({ wall: fc.integer({ min: -5000, max: 5000 }) }),
    fc.record({ pass: fc.double({ min: 0, max: 5000, noNaN: true }) }),
    fc.record({
      observe: fc.integer({ min: -10, max: 1000 }),
      logical: fc.integer({ min: 0, max: LOGICAL_LIMIT - 1 }),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { wall, pass, clock } = clockAt(1_000_000)
      let above = -1n
      for (const each of steps) {
        if ('take' in each) {
          const first = clock.allocate(each.take)
          assert.ok(first > above)
          above = first + BigInt(each.take - 1)
          // All of the run fits one millisecond's counter, so that consecutive ticks are what they say.
          assert.equal(millisecondsOf(above), millisecondsOf(first))
        } else if ('wall' in each) wall.now += each.wall
        else if ('pass' in each) pass(each.pass)
        else {
          const tick = timeTickOf(Math.floor(wall.now) + each.observe, each.logical)
          clock.observe(tick, 10_000, 'here')
          if (tick > above) above = tick
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('a full counter runs over into the next millisecond', () => {
  const { clock } = clockAt(1000)
  for (let i = 0; i < 8; i++) clock.allocate(1 << 16)
  assert.equal(clock.allocate(1), timeTickOf(1002))
})

test('what is too far ahead is refused and changes nothing', () => {
  const { clock, pass } = clockAt(1000)
  clock.allocate(1)
  assert.throws(() => clock.observe(timeTickOf(1000 + 601), 600, 'the log'), {
    code: 'WAL_CLOCK_AHEAD',
    message: /the log.*601 ms/,
  })
  assert.equal(clock.allocate(1), timeTickOf(1000, 1))
  clock.observe(timeTickOf(1000 + 600), 600, 'the log')
  assert.equal(clock.allocate(1), timeTickOf(1600, 1))
  pass(50)
  assert.equal(clock.allocate(1), timeTickOf(1645), 'nine tenths of wall speed, with the lead')
})

test('H168: a lead bleeds off at nine tenths of wall speed, then the clock follows the wall', () => {
  const { clock, pass, wall } = clockAt(1_000_000)
  clock.observe(timeTickOf(1_010_000), 600_000, 'the log')
  const leads: number[] = []
  for (let i = 0; i < 12; i++) {
    pass(10_000)
    leads.push(millisecondsOf(clock.allocate(1)) - wall.now)
  }
  assert.deepEqual(leads, [9000, 8000, 7000, 6000, 5000, 4000, 3000, 2000, 1000, 0, 0, 0])
})

test('a wall clock that is set back and right again, however often, leaves no lead behind', () => {
  const { clock, pass, wall } = clockAt(1_000_000)
  const leads: number[] = []
  for (let cycle = 0; cycle < 10; cycle++) {
    wall.now -= 200_000
    pass(10)
    // Read from the log by a scanner of its own writer.
    clock.observe(clock.allocate(1), 600_000, 'the log')
    wall.now += 200_000
    pass(10)
    leads.push(millisecondsOf(clock.allocate(1)) - wall.now)
  }
  assert.deepEqual(leads, new Array(10).fill(0))
})

test('what passed before a lead came does not count as spent with it, nor what passed after it was gone', () => {
  const idle = clockAt(1_000_000)
  idle.clock.allocate(1)
  idle.pass(3_600_000)
  idle.clock.observe(timeTickOf(idle.wall.now + 300_000), 600_000, 'the log')
  assert.equal(millisecondsOf(idle.clock.allocate(1)), idle.wall.now + 300_000)
  // The lead is gone after 3,000 s; some time later the wall is set back.
  idle.pass(10_000_000)
  idle.wall.now -= 2_000_000
  assert.equal(millisecondsOf(idle.clock.allocate(1)), idle.wall.now)
})

test('a machine that slept: what its wall clock went on by is time that passed', () => {
  const { clock, wall } = clockAt(1_000_000)
  clock.observe(timeTickOf(1_300_000), 600_000, 'the log')
  wall.now += 10_000
  assert.equal(clock.allocate(1), timeTickOf(1_309_000))
})

test('on any clocks: ahead of the wall it is never slower than nine tenths, the lead shrinks, steps do not add up', () => {
  const step = fc.oneof(
    fc.record({ pass: fc.double({ min: 0, max: 20_000, noNaN: true }) }),
    fc.record({ pass: fc.double({ min: 0, max: 2, noNaN: true }) }),
    // Where the wall stands from now on, beside the right time.
    fc.record({ offset: fc.integer({ min: -200_000, max: 0 }) }),
    fc.record({ observe: fc.integer({ min: 0, max: 50_000 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const { clock, pass, wall, elapsed } = clockAt(1_000_000)
      let offset = 0
      /** The furthest beyond the right time that anything read from a log was, or 0. */
      let observed = 0
      let last = millisecondsOf(clock.allocate(1))
      for (const each of steps) {
        const lead = last - wall.now
        const before = elapsed()
        if ('pass' in each) pass(each.pass)
        else if ('offset' in each) {
          wall.now += each.offset - offset
          offset = each.offset
        } else {
          const tick = Math.floor(wall.now) + each.observe
          clock.observe(timeTickOf(tick), 600_000, 'the log')
          observed = Math.max(observed, tick - (1_000_000 + elapsed()))
        }
        const now = millisecondsOf(clock.allocate(1))
        const passed = elapsed() - before
        if ('pass' in each) {
          // Two milliseconds are what rounding makes of it.
          assert.ok(now - last >= Math.min(0.9 * passed, 9 * Math.max(0, lead)) - 2, 'too slow')
          assert.ok(now - wall.now <= Math.max(0, lead - 0.1 * passed) + 2, 'the lead grew')
        }
        assert.ok(now - (1_000_000 + elapsed()) <= observed + 2, 'further ahead than wall and log ever were')
        last = now
      }
    }),
    { numRuns: 500 },
  )
})

test('one clock a runtime', () => {
  const one = { now: () => 1 } as Runtime
  assert.equal(sharedClock(one), sharedClock(one))
  assert.notEqual(sharedClock(one), sharedClock({ now: () => 1 } as Runtime))
})
