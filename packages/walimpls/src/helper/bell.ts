import type { Runtime } from '../runtime/runtime.js'
import { onAbort } from './on-abort.js'
import { WakeList } from './wake-list.js'

/**
 * Tells scanners that wait at the end of a log that it may have grown. A backend calls `ring` for what it stores or hears of; each scanner has a
 * listener of its own. Rings between a listener's `heard` and its `wait` end that wait at once, so none is lost:
 *
 *     page: (maxBytes) => {
 *       listener.heard()                      // what rings from here on is not in this page
 *       return readPage(maxBytes)
 *     },
 *     waitForMore: (signal) => listener.wait(signal, 100),
 */
export class Bell {
  readonly #waiting = new WakeList()
  #count = 0

  /** Counts the rings. */
  get rings(): number {
    return this.#count
  }

  /** How many listeners wait now. */
  get waits(): number {
    return this.#waiting.size
  }

  /** The log may have grown, or may be gone: everybody who waits looks again. */
  ring(): void {
    this.#count++
    this.#waiting.wake()
  }

  listener(runtime: Pick<Runtime, 'setTimeout'>): BellListener {
    return new BellListener(this, this.#waiting, runtime)
  }
}

/** One scanner's ear. Made by `Bell.listener`. */
export class BellListener {
  /** Below every count, so that a `wait` before the first `heard` ends at once. */
  #heardRings = -1

  readonly #bell: Pick<Bell, 'rings'>
  readonly #waiting: WakeList
  readonly #runtime: Pick<Runtime, 'setTimeout'>

  constructor(bell: Pick<Bell, 'rings'>, waiting: WakeList, runtime: Pick<Runtime, 'setTimeout'>) {
    this.#bell = bell
    this.#waiting = waiting
    this.#runtime = runtime
  }

  /** Everything that has rung so far is about to be looked at. To be called before a page is asked for, never after. */
  heard(): void {
    this.#heardRings = this.#bell.rings
  }

  /**
   * Resolves at the first ring since `heard`, at once if there was one, when the signal aborts, and after `pollMs` where
   * that is given: for storage that others write to and that does not ring for all of them.
   */
  wait(signal: AbortSignal, pollMs?: number): Promise<void> {
    if (this.#bell.rings !== this.#heardRings || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      let stop = () => {}
      const end = () => {
        forget()
        timer?.clear()
        stop()
        resolve()
      }
      const forget = this.#waiting.add(end)
      const timer = pollMs === undefined ? undefined : this.#runtime.setTimeout(end, pollMs)
      stop = onAbort(signal, end)
    })
  }
}
