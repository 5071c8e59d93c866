import type { Runtime } from '@wal/walimpls'

/** The wall clock counts whole milliseconds, so it may be behind the true time by as much. */
const WALL_STEP_MS = 1

/**
 * How much time has passed. The monotonic clock says so, but it stands still while a machine sleeps. When the wall clock went
 * on by more, the wall clock counts: after a sleep of an hour it shows an hour more. When the wall clock is set back by an
 * hour no time is taken back, and when it is set right again no hour is added.
 */
export class PassedTime {
  readonly #runtime: Runtime
  /** What a wall clock that was never set back would show. */
  #reckoned: number
  #monotonic: number

  /** `wall` is what `runtime.now()` shows at this moment. */
  constructor(runtime: Runtime, wall: number) {
    this.#runtime = runtime
    this.#reckoned = wall
    this.#monotonic = runtime.monotonic()
  }

  /**
   * Milliseconds, with fractions, since the last call or, at the first call, since the constructor. `wall` is what
   * `runtime.now()` shows.
   */
  advance(wall: number): number {
    const monotonic = this.#runtime.monotonic()
    const elapsed = monotonic - this.#monotonic
    this.#monotonic = monotonic
    const gained = wall + WALL_STEP_MS - this.#reckoned
    // Rounding alone can make a difference of two steps. Were that counted, it would add up to time that never passed.
    const passed = gained > elapsed + 2 * WALL_STEP_MS ? gained : elapsed
    this.#reckoned += passed
    return passed
  }
}
