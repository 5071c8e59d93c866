import type { Runtime, Timer } from '@wal/walimpls'

/** The longest interval between two looks of an idle writer, in shortest intervals. */
export const MAX_INTERVALS = 16

export interface LookScheduleOptions {
  readonly runtime: Pick<Runtime, 'monotonic' | 'random' | 'setTimeout'>
  /** The shortest interval; 0: never. */
  readonly everyMs: number
  /** Answers another object after every append, and the same one as long as nothing is appended. */
  readonly state: () => unknown
  /** Never rejects. The next look is planned when this one has ended. */
  readonly look: () => Promise<void>
}

/**
 * When an idle writer looks whether it still is the writer. A look comes at most `everyMs` after an append; while nothing
 * is appended the interval doubles with each look. Each interval is drawn at random from its second half: a thousand logs
 * that were opened at once would otherwise ask their server at once, for as long as they are idle. The timer itself asks
 * nobody but this process, so it may run out every `everyMs`.
 */
export class LookSchedule {
  readonly #options: LookScheduleOptions
  #state: unknown
  /** How many times `everyMs` the interval to the next look is at most. */
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

  /** Plans the next look, after a longer interval than the one before. */
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
