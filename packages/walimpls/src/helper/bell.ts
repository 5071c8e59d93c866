import type { Runtime } from '../runtime/runtime.js'
import { onAbort } from './on-abort.js'
import { WakeList } from './wake-list.js'

/**
 * Tells scanners that wait at the end of a log that the log may have grown. A backend calls `ring` whenever it stores a record
 * or hears that another process has. Each scanner has its own listener. No ring is lost: when the bell rings between a
 * listener's `heard` and its `wait`, that `wait` resolves at once.
 *
 *     page: (maxBytes) => {
 *       listener.heard()                      // a record whose ring comes after this line may be missing in the page
 *       return readPage(maxBytes)
 *     },
 *     waitForMore: (signal) => listener.wait(signal, 100),
 */
export class Bell {
  readonly #waiting = new WakeList()
  #count = 0

  /** How often the bell has rung. */
  get rings(): number {
    return this.#count
  }

  /** How many listeners are waiting now. */
  get waits(): number {
    return this.#waiting.size
  }

  /** Wakes every listener that waits. To be called when the log may have grown, or may have been removed. */
  ring(): void {
    this.#count++
    this.#waiting.wake()
  }

  listener(runtime: Pick<Runtime, 'setTimeout'>): BellListener {
    return new BellListener(this, this.#waiting, runtime)
  }
}

/** The listener of one scanner, made by `Bell.listener`. */
export class BellListener {
  /**
   * The bell's count of rings at the last `heard`. It begins below every count, so that a `wait` before the first `heard`
   * resolves at once.
   */
  #heardRings = -1

  readonly #bell: Pick<Bell, 'rings'>
  readonly #waiting: WakeList
  readonly #runtime: Pick<Runtime, 'setTimeout'>

  constructor(bell: Pick<Bell, 'rings'>, waiting: WakeList, runtime: Pick<Runtime, 'setTimeout'>) {
    this.#bell = bell
    this.#waiting = waiting
    this.#runtime = runtime
  }

  /**
   * Marks every ring up to now as heard. To be called before a page is read: a record stored during the read rings again, so
   * that the next `wait` resolves at once. Called after the read, `heard` could hide that ring.
   */
  heard(): void {
    this.#heardRings = this.#bell.rings
  }

  /**
   * Resolves when the bell rings, at once if it has rung since the last `heard`. Resolves too when the signal aborts, and after
   * `pollMs` if given. Storage that other processes write to without a ring needs `pollMs`.
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
