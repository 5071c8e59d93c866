import {
  LOGICAL_LIMIT,
  millisecondsOf,
  type Runtime,
  type TimeTick,
  timeTickOf,
  WalError,
} from '@wal/walimpls'
import { PassedTime } from './passed-time.js'

/** While the clock is ahead of the wall clock it runs at nine tenths of real speed: a lead of 1 s is gone after 10 s. */
const LEADING_SPEED = 0.9

/**
 * Gives out time ticks that never repeat and never go back: wall milliseconds with a counter below. One per process
 * (`sharedClock`), moved on by every time tick that is read, so that ticks rise over all its logs. The clock may be ahead
 * of the wall: behind a time tick from a machine whose wall is ahead, or because the wall was set back. It then goes on
 * more slowly than the wall, and follows the wall again once the lead is gone. A lead that was kept instead would add up
 * over every step of the wall, until the log is too far ahead to be opened.
 */
export class HybridClock {
  readonly #runtime: Runtime
  /** The last time tick that was given out or read. */
  #milliseconds = 0
  #logical = 0
  /** What this clock showed when it was last looked at, with fractions. It is never below `#milliseconds`. */
  #time = 0
  /** How many ms this clock was ahead of the wall clock then. */
  #lead = 0
  #passed: PassedTime | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Allocates `count` (≤ 2^17) consecutive time ticks and answers the first. */
  allocate(count: number): TimeTick {
    const first = this.next(count)
    this.use(count)
    return first
  }

  /**
   * Answers the next free time tick, behind which `most` (≤ 2^17) consecutive ones are free. `use` has to follow in the
   * same turn.
   */
  next(most: number): TimeTick {
    this.#look(this.#runtime.now())
    const time = Math.floor(this.#time)
    if (time > this.#milliseconds) this.#moveTo(time, 0)
    // The counter of a millisecond has no room for so many: all of them belong to the next millisecond.
    else if (this.#logical + most > LOGICAL_LIMIT) this.#moveTo(this.#milliseconds + 1, 0)
    return timeTickOf(this.#milliseconds, this.#logical)
  }

  /** Allocates the first `count` of the time ticks that `next` has found. */
  use(count: number): void {
    this.#logical += count
  }

  /**
   * Moves the clock past a time tick that was read. A time tick further ahead of this machine's clock than `maxAheadMs` is
   * refused with `WAL_CLOCK_AHEAD` and changes nothing: a broken clock elsewhere must not become everybody's.
   */
  observe(timeTick: TimeTick, maxAheadMs: number, where: string): void {
    if (this.follow(timeTick, maxAheadMs)) return
    const ahead = millisecondsOf(timeTick) - this.#runtime.now()
    throw new WalError(
      'WAL_CLOCK_AHEAD',
      `${where}: its time ticks are ${ahead} ms ahead of this machine's clock, more than maxClockAheadMs (${maxAheadMs}). Correct the clock that is wrong, or raise maxClockAheadMs.`,
    )
  }

  /**
   * As `observe`, without throwing: answers whether the clock has followed. Readers read records that are too far ahead all
   * the same.
   */
  follow(timeTick: TimeTick, maxAheadMs: number): boolean {
    const milliseconds = millisecondsOf(timeTick)
    const wall = this.#runtime.now()
    if (milliseconds - wall > maxAheadMs) return false
    const logical = Number(timeTick & BigInt(LOGICAL_LIMIT - 1)) + 1
    if (milliseconds > this.#milliseconds) {
      // The time that passed before this time tick was read must not shorten the lead that the time tick brings.
      this.#look(wall)
      this.#moveTo(milliseconds, logical)
    } else if (milliseconds === this.#milliseconds) this.#logical = Math.max(this.#logical, logical)
    return true
  }

  /** Brings `#time` to the present. */
  #look(wall: number): void {
    this.#passed ??= new PassedTime(this.#runtime, wall)
    const slowly = LEADING_SPEED * this.#passed.advance(wall)
    // The lead may have been gone a while ago. From then on the clock shows what the wall clock shows.
    const untilGone = (LEADING_SPEED / (1 - LEADING_SPEED)) * this.#lead
    this.#time = Math.max(wall, this.#time + Math.min(slowly, untilGone))
    this.#lead = this.#time - wall
  }

  #moveTo(milliseconds: number, logical: number): void {
    this.#milliseconds = milliseconds
    this.#logical = logical
    if (milliseconds <= this.#time) return
    this.#lead += milliseconds - this.#time
    this.#time = milliseconds
  }
}

const key = Symbol.for('@wal/core/clock')

/** The process's clock for a runtime, one also for ESM and CJS copies of this package. */
export function sharedClock(runtime: Runtime): HybridClock {
  const holder = globalThis as { [key]?: WeakMap<Runtime, HybridClock> }
  let clocks = holder[key]
  if (clocks === undefined) {
    clocks = new WeakMap()
    holder[key] = clocks
  }
  let clock = clocks.get(runtime)
  if (clock === undefined) {
    clock = new HybridClock(runtime)
    clocks.set(runtime, clock)
  }
  return clock
}
