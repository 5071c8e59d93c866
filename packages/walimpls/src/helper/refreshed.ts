import type { Runtime } from '../runtime/runtime.js'

export interface RefreshedParts<T> {
  readonly runtime: Pick<Runtime, 'monotonic'>
  /** How old a value may get before it is read again. */
  readonly maxAgeMs: number
  /** Until it was read for the first time. */
  readonly initial: T
  read(): Promise<T>
}

/** What a server says of itself, read again when it is old: settings that an operator may change at any time. */
export class Refreshed<T> {
  readonly #parts: RefreshedParts<T>
  #value: T
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(parts: RefreshedParts<T>) {
    this.#parts = parts
    this.#value = parts.initial
  }

  /** What is known by now. When that is old, it is read again in the background, for who asks next. */
  get value(): T {
    const { runtime, maxAgeMs } = this.#parts
    // A failed read leaves the value as it is; who asks next reads again.
    if (runtime.monotonic() - this.#readAt > maxAgeMs) this.refresh().catch(() => {})
    return this.#value
  }

  /** Reads it now; joins a read that is under way. Rejects as `read` does. */
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
