import { deferred } from './deferred.js'
import { abortable } from './on-abort.js'

/** Everybody who waits for the same thing to happen. Each is called once, when it happens next. */
export class WakeList {
  #wanted = new Set<() => void>()

  /** How many wait. */
  get size(): number {
    return this.#wanted.size
  }

  /**
   * Calls `woken` at the next `wake`, unless the returned function is called before. A function that is added twice is
   * called once.
   */
  add(woken: () => void): () => void {
    const wanted = this.#wanted.add(woken)
    return () => wanted.delete(woken)
  }

  /** Resolves at the next `wake`. Rejects only with `signal.reason`. */
  next(signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = deferred()
    const forget = this.add(resolve)
    return signal === undefined ? promise : abortable(promise, signal).finally(forget)
  }

  /** Calls everybody who waits now. What is added from within one of the calls waits for the wake after this one. */
  wake(): void {
    if (this.#wanted.size === 0) return
    const wanted = this.#wanted
    this.#wanted = new Set()
    for (const woken of wanted) woken()
  }
}
