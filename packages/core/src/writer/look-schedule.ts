import type { Runtime, Timer } from '@wal/walimpls'

/** How many times the shortest interval the longest one is. */
export const MAX_INTERVALS = 16

export interface LookScheduleOptions {
  readonly runtime: Pick<Runtime, 'monotonic' | 'random' | 'setTimeout'>
  /** The shortest interval in milliseconds; 0: an idle writer never checks. */
  readonly everyMs: number
  /** Returns another object after each append, and the same one while nothing is appended. */
  readonly state: () => unknown
  /** Checks whether the writer is still the current one. Never rejects. The next check is planned when this one has ended. */
  readonly look: () => Promise<void>
}

/**
 * Decides when an idle writer checks whether it is still the current one. A check comes at most `everyMs` after an append.
 * While nothing is appended the interval doubles with each check. Each interval is shortened at random, to half of it at most,
 * since a thousand logs that were opened at the same moment would otherwise ask their server at the same moments. The timer may
 * run out every `everyMs`, since it asks the server nothing by itself.
 */
export class LookSchedule {
  readonly #options: LookScheduleOptions
  #state: unknown
  /** The interval to the next check is at most this many times `everyMs`. */
  #intervals = 1
  #dueAt = 0
  #timer: Timer | undefined
  #closed = false

  constructor(options: LookScheduleOptions) {
    this.#options = options
    this.#state = options.state()
    if (options.everyMs === 0) return
    this.#putOff()
    this.#wait()
  }

  close(): void {
    this.#closed = true
    this.#timer?.clear()
  }

  /** Plans the next check, after a longer interval than the last one. */
  #putOff(): void {
    const { runtime, everyMs } = this.#options
    this.#intervals = Math.min(MAX_INTERVALS, 2 * this.#intervals)
    this.#dueAt = runtime.monotonic() + everyMs * this.#intervals * (0.5 + runtime.random() / 2)
  }

  #wait(): void {
    if (this.#closed) return
    const { runtime, everyMs } = this.#options
    const ms = Math.min(everyMs, Math.max(0, this.#dueAt - runtime.monotonic()))
    this.#timer = runtime.setTimeout(() => void this.#wake(), ms, { background: true })
  }

  async #wake(): Promise<void> {
    const { runtime, state, look } = this.#options
    const now = state()
    const changed = now !== this.#state
    this.#state = now
    if (changed) this.#intervals = 1
    if (changed || runtime.monotonic() >= this.#dueAt) {
      await look()
      this.#putOff()
    }
    this.#wait()
  }
}
