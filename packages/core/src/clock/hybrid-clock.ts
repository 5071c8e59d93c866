import {
  LOGICAL_LIMIT,
  millisecondsOf,
  type Runtime,
  type TimeTick,
  timeTickOf,
  WalError,
} from '@wal/walimpls'

/**
 * Gives out time ticks that never repeat and never go back: wall milliseconds with a counter below. One per process
 * (`sharedClock`), moved on by every time tick that is read, so that ticks rise over all its logs. When a log is ahead
 * of the wall clock the clock keeps the lead and goes on at wall speed.
 */
export class HybridClock {
  readonly #runtime: Runtime
  #milliseconds = 0
  #logical = 0
  /** How far, in ms, the clock is kept ahead of the wall. */
  #lead = 0

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /** Takes `count` (≤ 2^17) consecutive time ticks; answers the first. */
  take(count: number): TimeTick {
    const wall = this.#runtime.now() + this.#lead
    if (wall > this.#milliseconds) {
      this.#milliseconds = wall
      this.#logical = 0
    } else if (this.#logical + count > LOGICAL_LIMIT) {
      // Consecutive ticks may run over into the next millisecond's counter only as whole runs.
      this.#milliseconds++
      this.#logical = 0
    }
    const first = timeTickOf(this.#milliseconds, this.#logical)
    this.#logical += count
    return first
  }

  /**
   * Moves on past a time tick that was read. One further ahead of the wall than `maxAheadMs` is refused with
   * `WAL_CLOCK_AHEAD` and changes nothing: a broken clock elsewhere must not become everybody's.
   */
  observe(timeTick: TimeTick, maxAheadMs: number, where: string): void {
    if (this.follow(timeTick, maxAheadMs)) return
    const ahead = millisecondsOf(timeTick) - this.#runtime.now()
    throw new WalError(
      'WAL_CLOCK_AHEAD',
      `${where}: its time ticks are ${ahead} ms ahead of this machine's clock, more than maxClockAheadMs (${maxAheadMs}). Correct the clock that is wrong, or raise maxClockAheadMs.`,
    )
  }

  /** As `observe`, for readers: what is too far ahead is read all the same, but not followed. Whether it was. */
  follow(timeTick: TimeTick, maxAheadMs: number): boolean {
    const milliseconds = millisecondsOf(timeTick)
    const ahead = milliseconds - this.#runtime.now()
    if (ahead > maxAheadMs) return false
    const logical = Number(timeTick & BigInt(LOGICAL_LIMIT - 1)) + 1
    if (milliseconds > this.#milliseconds) {
      this.#milliseconds = milliseconds
      this.#logical = logical
    } else if (milliseconds === this.#milliseconds) this.#logical = Math.max(this.#logical, logical)
    this.#lead = Math.max(this.#lead, ahead)
    return true
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
