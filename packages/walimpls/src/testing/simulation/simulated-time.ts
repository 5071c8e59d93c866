import type { Timer } from '../../runtime/runtime.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import { seededRandom } from '../faults/seeded-random.js'
import { PlannedCalls } from './planned-calls.js'

/** The longest virtual duration of a turn of the event loop. It is above 0, so that time passes also while code keeps yielding. */
const TURN_MS = 0.05

/**
 * Virtual time. It stands still while any promise has work to do, then jumps to the next planned call. The seed decides the order
 * of calls that are planned for the same moment, and how long each turn of the event loop takes.
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
    // After a leap a call may be due in the past. Time never goes back.
    this.elapsed = Math.max(this.elapsed, due)
    this.#calls.take()?.run()
    return true
  }

  async #drive(work: () => Promise<void>): Promise<void> {
    if (this.#driven)
      throw new Error(
        'simulation: time is being driven already: another call of `run` or `advance` has not settled',
      )
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
        ? 'simulation: nothing is left to do and no timer is planned, but the promise has not settled'
        : `simulation: the promise has not settled within ${withinMs} ms of virtual time`,
    )
  }
}

/** Waits for a turn of Node's real event loop. After it no promise has work left to do. */
function settled(): Promise<void> {
  return systemRuntime.yield()
}
