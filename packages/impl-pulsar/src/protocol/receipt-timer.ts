import type { Runtime, Timer } from '@wal/walimpls'

/** Notices that the oldest send waits too long for its receipt, with one timer however many sends are in flight. */
export class ReceiptTimer {
  readonly #runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  readonly #timeoutMs: number
  readonly #late: () => void
  /** When each send that has no receipt began. Receipts come in the order of the sends, or nearly so. */
  readonly #sentAt: number[] = []
  #timer: Timer | undefined

  constructor(runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>, timeoutMs: number, late: () => void) {
    this.#runtime = runtime
    this.#timeoutMs = timeoutMs
    this.#late = late
  }

  sent(): void {
    this.#sentAt.push(this.#runtime.monotonic())
    this.#timer ??= this.#after(this.#timeoutMs)
  }

  answered(): void {
    this.#sentAt.shift()
  }

  stop(): void {
    this.#timer?.clear()
    this.#timer = undefined
    this.#sentAt.length = 0
  }

  #after(ms: number): Timer {
    return this.#runtime.setTimeout(() => this.#look(), ms)
  }

  #look(): void {
    this.#timer = undefined
    const [oldest] = this.#sentAt
    if (oldest === undefined) return
    const left = oldest + this.#timeoutMs - this.#runtime.monotonic()
    if (left <= 0) this.#late()
    else this.#timer = this.#after(left)
  }
}
