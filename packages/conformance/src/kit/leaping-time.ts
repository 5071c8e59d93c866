import type { Runtime, Timer } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'

interface Planned {
  /** When the timer runs, in milliseconds on the clock that the test moves. */
  readonly due: number
  readonly run: () => void
}

/**
 * A clock that several processes of one test share. The clock stands still except when the test calls `leap`, so that the
 * test does not depend on how long the machine takes. A timer of 20 ms runs after 20 ms by the machine's clock, so that real
 * I/O goes on, or at once when a leap of 20 ms or more passes over it. A server's own clock does not leap.
 */
export class LeapingTime {
  #leapt = 0
  readonly #start = systemRuntime.now()
  readonly #timers = new Set<Planned>()

  /** A runtime that takes its clock and its timers from here. */
  over(runtime: Runtime): Runtime {
    return {
      ...runtime,
      now: () => this.#start + this.#leapt,
      monotonic: () => this.#leapt,
      setTimeout: (run, ms, options) => {
        const once = (): void => {
          real.clear()
          if (this.#timers.delete(planned)) run()
        }
        const planned: Planned = { due: this.#leapt + ms, run: once }
        this.#timers.add(planned)
        const real: Timer = runtime.setTimeout(once, ms, options)
        return {
          clear: () => {
            real.clear()
            this.#timers.delete(planned)
          },
        }
      },
    }
  }

  /** Moves the clock on. Resolves when every timer that is due by then was started. */
  async leap(ms: number): Promise<void> {
    this.#leapt += ms
    const due = [...this.#timers].filter((each) => each.due <= this.#leapt)
    for (const { run } of due.sort((a, b) => a.due - b.due)) run()
    await systemRuntime.yield()
  }
}
