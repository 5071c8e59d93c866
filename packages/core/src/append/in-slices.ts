import type { Runtime } from '@wal/walimpls'
import { WakeList } from '@wal/walimpls/helper'

/** After so many milliseconds of work the event loop gets its turn. */
const SLICE_MS = 5
/** The clock is looked at after so many pieces of work. */
const GROUP = 32

/**
 * Work that thousands cause at once (a deadline, an abort, a fence), in order and a few milliseconds at a time. An error
 * with its stack takes some 10 µs: made for all in one go, they would stop the process for a good part of a second.
 */
export class InSlices {
  readonly #runtime: Pick<Runtime, 'monotonic' | 'yield'>
  #waiting: (() => void)[] = []
  /** Index of the first piece of work that is not done. */
  #next = 0
  /** Whether a microtask or the next turn of the event loop will go on with the work. */
  #planned = false
  /** When the slice of this turn of the event loop is over; undefined before the first work in a turn. */
  #until: number | undefined
  /** Whether the slice of this turn is used up, so that work goes on in the next. */
  #paused = false
  readonly #allDone = new WakeList()

  constructor(runtime: Pick<Runtime, 'monotonic' | 'yield'>) {
    this.#runtime = runtime
  }

  /** Whether some work is still to be done. */
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

  /** Works in a microtask. `queueMicrotask` is not used, since fake timers of tests replace it. */
  #workSoon(): void {
    void Promise.resolve().then(() => this.#work())
  }

  /** Does a group of pieces. The next group follows in a microtask, so that what callers do at once counts into the slice. */
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
