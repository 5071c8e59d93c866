import type { Runtime } from '../runtime/runtime.js'

export interface RefreshedParts<T> {
  readonly runtime: Pick<Runtime, 'monotonic'>
  /** The age, in milliseconds, from which the value is read again. */
  readonly maxAgeMs: number
  /** The value before the first read. */
  readonly initial: T
  read(): Promise<T>
}

/** A value that a server knows and an operator may change at any time, such as a setting. It is read again when it is old. */
export class Refreshed<T> {
  readonly #parts: RefreshedParts<T>
  #value: T
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(parts: RefreshedParts<T>) {
    this.#parts = parts
    this.#value = parts.initial
  }

  /**
   * The value of the last read. When that is too old, another read begins in the background; a later caller gets its result.
   */
  get value(): T {
    const { runtime, maxAgeMs } = this.#parts
    // A failed read leaves the value as it is, and the next access tries again.
    if (runtime.monotonic() - this.#readAt > maxAgeMs) this.refresh().catch(() => {})
    return this.#value
  }

  /** Reads the value now, or joins a read in progress. Rejects when the read fails. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #read(): Promise<void> {
    this.#value = await this.#parts.read()
    this.#readAt = this.#parts.runtime.monotonic()
  }
}
