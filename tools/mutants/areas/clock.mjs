const clock = 'packages/core/src/time-tick/hybrid-clock.ts'
const passed = 'packages/core/src/time-tick/passed-time.ts'
const unit = 'packages/core/src/time-tick/hybrid-clock.test.ts'

export const clockMutants = [
  {
    name: 'a clock that goes back to the beginning of its millisecond',
    file: clock,
    find: 'if (time > this.#milliseconds)',
    replace: 'if (time >= this.#milliseconds)',
    harness: unit,
  },
  {
    name: 'a clock that stands still while it is ahead of the wall',
    file: clock,
    find: 'this.#time = Math.max(wall, this.#time + Math.min(slowly, untilGone))',
    replace: 'this.#time = wall',
    harness: unit,
  },
  {
    name: 'the clock keeps its lead',
    file: clock,
    find: 'const LEADING_SPEED = 0.9',
    replace: 'const LEADING_SPEED = 1 - Number.EPSILON',
    harness: unit,
  },
  {
    name: 'a lead counts on after it was gone',
    file: clock,
    find: 'this.#time + Math.min(slowly, untilGone)',
    replace: 'this.#time + slowly',
    harness: unit,
  },
  {
    name: 'time before a lead came counts as spent with it',
    file: clock,
    find: '      this.#look(wall)\n      this.#moveTo(milliseconds, logical)',
    replace: '      this.#moveTo(milliseconds, logical)',
    harness: unit,
  },
  {
    name: 'a wall clock set right again counts as time that passed',
    file: passed,
    find: 'this.#reckoned += passed',
    replace: 'this.#reckoned = wall',
    harness: unit,
  },
  {
    name: 'the time that a machine slept does not count',
    file: passed,
    find: 'gained > elapsed + 2 * WALL_STEP_MS ? gained : elapsed',
    replace: 'elapsed',
    harness: unit,
  },
]
