import type { Runtime, Timer } from '@wal/walimpls'

/** Lets a small batch wait for more messages, for `lingerMs` from the moment at which it could first have been sent. */
export class Linger {
  readonly #runtime: Pick<Runtime, 'setTimeout'>
  readonly #lingerMs: number
  readonly #over: () => void
  #timer: Timer | undefined
  #waited = false

  constructor(runtime: Pick<Runtime, 'setTimeout'>, lingerMs: number, over: () => void) {
    this.#runtime = runtime
    this.#lingerMs = lingerMs
    this.#over = over
  }

  /** Whether the batch that waits now may be sent. When it may not yet, `over` is called as soon as it may. */
  isOver(): boolean {
    if (this.#lingerMs === 0) return true
    if (this.#waited) {
      this.#waited = false
      return true
    }
    this.#timer ??= this.#runtime.setTimeout(() => {
      this.#timer = undefined
      this.#waited = true
      this.#over()
    }, this.#lingerMs)
    return false
  }

  close(): void {
    this.#timer?.clear()
  }
}
