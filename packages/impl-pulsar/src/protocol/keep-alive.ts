import type { Runtime, Timer } from '@wal/walimpls'

export interface KeepAliveParts {
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  /** After so many milliseconds of silence the broker is asked, and then has `answerMs` to answer. */
  readonly silenceMs: number
  readonly answerMs: number
  ask(): void
  /** Called once when the broker has not answered. */
  lost(): void
}

/** Notices a connection over which nothing comes any more, such as one whose other end has lost its power. */
export class KeepAlive {
  readonly #parts: KeepAliveParts
  #heardAt: number
  #asked = false
  #timer: Timer

  constructor(parts: KeepAliveParts) {
    this.#parts = parts
    this.#heardAt = parts.runtime.monotonic()
    this.#timer = this.#after(parts.silenceMs)
  }

  /** When something was received last, by `runtime.monotonic`. */
  get heardAt(): number {
    return this.#heardAt
  }

  /** To be called whenever something is received. */
  heard(): void {
    this.#heardAt = this.#parts.runtime.monotonic()
    this.#asked = false
  }

  stop(): void {
    this.#timer.clear()
  }

  #after(ms: number): Timer {
    return this.#parts.runtime.setTimeout(() => this.#look(), ms, { background: true })
  }

  #look(): void {
    const { runtime, silenceMs, answerMs, ask, lost } = this.#parts
    const silent = runtime.monotonic() - this.#heardAt
    if (this.#asked) lost()
    else if (silent < silenceMs) this.#timer = this.#after(silenceMs - silent)
    else {
      this.#asked = true
      ask()
      this.#timer = this.#after(answerMs)
    }
  }
}
