import assert from 'node:assert/strict'
import { LOGICAL_LIMIT, millisecondsOf, type Runtime, timeTickOf } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import { HybridClock, sharedClock } from './hybrid-clock.js'

function clockAt(now: number) {
  const wall = { now }
  return { wall, clock: new HybridClock({ now: () => wall.now } as Runtime) }
}

test('runs of ticks never overlap nor go back, whatever the wall clock does and whatever is observed', () => {
  const step = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 1 << 17 }) }),
    fc.record({ wall: fc.integer({ min: -5000, max: 5000 }) }),
    fc.record({
      observe: fc.integer({ min: -10, max: 1000 }),
      logical: fc.integer({ min: 0, max: LOGICAL_LIMIT - 1 }),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { wall, clock } = clockAt(1_000_000)
      let above = -1n
      for (const each of steps) {
        if ('take' in each) {
          const first = clock.take(each.take)
          assert.ok(first > above)
          above = first + BigInt(each.take - 1)
          // All of the run fits one millisecond's counter, so that consecutive ticks are what they say.
          assert.equal(millisecondsOf(above), millisecondsOf(first))
        } else if ('wall' in each) wall.now += each.wall
        else {
          const tick = timeTickOf(wall.now + each.observe, each.logical)
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
  for (let i = 0; i < 8; i++) clock.take(1 << 16)
  assert.equal(clock.take(1), timeTickOf(1002))
})

test('what is too far ahead is refused and changes nothing', () => {
  const { clock, wall } = clockAt(1000)
  clock.take(1)
  assert.throws(() => clock.observe(timeTickOf(1000 + 601), 600, 'the log'), {
    code: 'WAL_CLOCK_AHEAD',
    message: /the log.*601 ms/,
  })
  assert.equal(clock.take(1), timeTickOf(1000, 1))
  clock.observe(timeTickOf(1000 + 600), 600, 'the log')
  assert.equal(clock.take(1), timeTickOf(1600, 1))
  wall.now += 50
  assert.equal(clock.take(1), timeTickOf(1650), 'wall speed, with the lead')
})

test('one clock a runtime', () => {
  const one = { now: () => 1 } as Runtime
  assert.equal(sharedClock(one), sharedClock(one))
  assert.notEqual(sharedClock(one), sharedClock({ now: () => 1 } as Runtime))
})
