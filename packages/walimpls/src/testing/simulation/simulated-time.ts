import type { Timer } from '../../runtime/runtime.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import { seededRandom } from '../faults/seeded-random.js'
import { PlannedCalls } from './planned-calls.js'

/** How long a turn of the event loop lasts at most, in ms: enough for time to pass where everybody is busy. */
const TURN_MS = 0.05

/**
 * Virtual time: it stands still while anything is left to do, then goes on to the next planned call. What is planned for
 * the same moment comes in an order drawn from the seed, and so does the length of each turn.
 */
export class SimulatedTime {
  /** Milliseconds since the start, with fractions. */
  elapsed = 0
  #leapt = 0
  #driven = false
  readonly #calls = new PlannedCalls()
  readonly #chance: () => number

  constructor(seed: number) {
    this.#chance = seededRandom(seed)
  }

  plan(run: () => void, ms: number): Timer {
    return this.#calls.add({ due: this.elapsed + ms, tie: this.#chance(), run })
  }

  turn(): Promise<void> {
    return new Promise((resolve) => this.plan(resolve, this.#chance() * TURN_MS))
  }

  leap(ms: number): void {
    this.elapsed += ms
    this.#leapt += ms
  }

  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms
    await this.#drive(async () => {
      do await settled()
      while (this.#callNext(end))
      this.elapsed = Math.max(this.elapsed, end)
    })
  }

  async run<T>(until: Promise<T>, withinMs: number): Promise<T> {
    let isSettled = false
    const settle = () => {
      isSettled = true
    }
    until.then(settle, settle)
    const end = this.elapsed + withinMs - this.#leapt
    await this.#drive(async () => {
      for (;;) {
        await settled()
        if (isSettled) return
        if (!this.#callNext(end + this.#leapt)) throw this.#stuck(withinMs)
      }
    })
    return until
  }

  #callNext(end: number): boolean {
    const due = this.#calls.nextDue
    if (due === undefined || due > end) return false
    // After a leap, calls are late.
    this.elapsed = Math.max(this.elapsed, due)
    this.#calls.take()?.run()
    return true
  }

  async #drive(work: () => Promise<void>): Promise<void> {
    if (this.#driven) throw new Error('simulation: time is being driven already')
    this.#driven = true
    try {
      await work()
    } finally {
      this.#driven = false
    }
  }

  #stuck(withinMs: number): Error {
    return new Error(
      this.#calls.nextDue === undefined
        ? 'simulation: nothing is left to do, and what was waited for has not settled'
        : `simulation: what was waited for has not settled within ${withinMs} ms of virtual time`,
    )
  }
}

/** When Node's own loop has turned, no promise has anything left to do. */
function settled(): Promise<void> {
  return systemRuntime.yield()
}
