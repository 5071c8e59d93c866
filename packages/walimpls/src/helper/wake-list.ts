import { deferred } from './deferred.js'
import { abortable } from './on-abort.js'

/** Callbacks that wait for one event. Each is called once, at the next `wake`. */
export class WakeList {
  #wanted = new Set<() => void>()

  /** How many callbacks wait. */
  get size(): number {
    return this.#wanted.size
  }

  /**
   * Calls `woken` at the next `wake`, unless the returned function is called before. A function that is added twice is called
   * once.
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

  /** Calls all callbacks that wait now. A callback that is added during this call waits for the next `wake`. */
  wake(): void {
    if (this.#wanted.size === 0) return
    const wanted = this.#wanted
    this.#wanted = new Set()
    for (const woken of wanted) woken()
  }
}
