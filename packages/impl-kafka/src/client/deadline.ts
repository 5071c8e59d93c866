import type { Runtime } from '@wal/walimpls'
import { CallFailure, deferred } from '@wal/walimpls/helper'

/** The part of the time left that a broker may use for its work, so that its answer still comes in time. */
const BROKERS_PART = 0.8

/** The time by which an operation has to end. All its steps share it: logging in, and asking one broker after another. */
export class Deadline {
  readonly #runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  readonly #at: number

  constructor(runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>, ms: number) {
    this.#runtime = runtime
    this.#at = runtime.monotonic() + ms
  }

  /** Whole milliseconds until then; 0 when it has passed. */
  get left(): number {
    return Math.max(0, Math.ceil(this.#at - this.#runtime.monotonic()))
  }

  /**
   * The time limit that a request names for the broker's work, in milliseconds. A broker that waited for the whole time that is
   * left would answer just when nobody waits any more.
   */
  get forBroker(): number {
    return Math.max(1, Math.floor(this.left * BROKERS_PART))
  }

  /** Settles as the promise does. Rejects at the deadline when the promise has not settled by then. */
  async within<T>(promise: Promise<T>): Promise<T> {
    const { left } = this
    const passed = deferred<never>()
    const timer = this.#runtime.setTimeout(
      () => passed.reject(new CallFailure(`no answer within ${left} ms`)),
      left,
    )
    try {
      return await Promise.race([promise, passed.promise])
    } finally {
      timer.clear()
    }
  }
}
