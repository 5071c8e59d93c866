import type { Runtime } from '@wal/walimpls'

/** The wall clock counts whole milliseconds: so much it may show less than the time that it means. */
const WALL_STEP_MS = 1

/**
 * How much time has passed. The monotonic clock says so, but it stands still while a machine sleeps: where the wall clock
 * went on by more, the wall clock counts. A wall clock that is set back does not take time back, and one that is then set
 * right again does not add any: only what lies beyond the furthest that was reckoned so far is time that passed.
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

  /** Milliseconds, with fractions, since the last call, or since it was made. `wall` as before. */
  take(wall: number): number {
    const monotonic = this.#runtime.monotonic()
    const elapsed = monotonic - this.#monotonic
    this.#monotonic = monotonic
    const gained = wall + WALL_STEP_MS - this.#reckoned
    // Two steps are what rounding alone can make of it: counted, that would add up to time that never was.
    const passed = gained > elapsed + 2 * WALL_STEP_MS ? gained : elapsed
    this.#reckoned += passed
    return passed
  }
}
