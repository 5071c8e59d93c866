import type { Runtime } from '@wal/walimpls'
import { WakeList } from '@wal/walimpls/helper'

/** How long is worked before the event loop gets its turn. */
const SLICE_MS = 5
/** So many pieces are done before the clock is looked at. */
const GROUP = 32

/**
 * Work that thousands cause at once (a deadline, an abort, a fence), in order and a few milliseconds at a time. An error
 * with its stack takes some 10 µs: made for all in one go, they would stop the process for a good part of a second.
 */
export class InSlices {
  readonly #runtime: Pick<Runtime, 'monotonic' | 'yield'>
  #waiting: (() => void)[] = []
  /** The first of them that is not done. */
  #next = 0
  /** Whether somebody will go on: a microtask, or the next turn. */
  #planned = false
  /** When this turn of the event loop has had its slice; undefined before the first work of a turn. */
  #until: number | undefined
  /** The turn's slice is used up. */
  #paused = false
  readonly #allDone = new WakeList()

  constructor(runtime: Pick<Runtime, 'monotonic' | 'yield'>) {
    this.#runtime = runtime
  }

  /** Whether some of it is still to be done. */
  get busy(): boolean {
    return this.#next < this.#waiting.length
  }

  /** `work` must not throw. It runs in a microtask when nothing else waits and the turn has time for it. */
  add(work: () => void): void {
    this.#waiting.push(work)
    if (this.#planned) return
    this.#planned = true
    this.#workSoon()
  }

  /** Resolves when all that was added by now is done. */
  done(): Promise<void> {
    return this.busy ? this.#allDone.next() : Promise.resolve()
  }

  /** In a microtask; not by `queueMicrotask`, which fake timers replace. */
  #workSoon(): void {
    void Promise.resolve().then(() => this.#work())
  }

  /** A group, then what callers do with it at once, which counts: the next group follows in a microtask. */
  #work(): void {
    const now = this.#runtime.monotonic()
    if (this.#until === undefined) this.#beginSlice(now)
    else if (now >= this.#until) {
      this.#paused = true
      return
    }
    const last = Math.min(this.#next + GROUP, this.#waiting.length)
    while (this.#next < last) (this.#waiting[this.#next++] as () => void)()
    if (this.busy) {
      this.#workSoon()
      return
    }
    this.#waiting = []
    this.#next = 0
    this.#planned = false
    this.#allDone.wake()
  }

  #beginSlice(now: number): void {
    this.#until = now + SLICE_MS
    void this.#runtime.yield().then(() => {
      this.#until = undefined
      if (!this.#paused) return
      this.#paused = false
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
      this.#work()
    })
  }
}
