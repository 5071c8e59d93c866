import type { Runtime, Timer } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'

interface Planned {
  readonly due: number
  readonly run: () => void
}

/**
 * Time that several processes of one test share. Their clocks stand still but for `leap`, so that nothing depends on how
 * long the machine takes. A timer runs when it is due by the real clock, so that real I/O goes on, or when a leap passes
 * over it. A server has a clock of its own, which does not leap.
 */
export class LeapingTime {
  #leapt = 0
  readonly #start = systemRuntime.now()
  readonly #timers = new Set<Planned>()

  over(runtime: Runtime): Runtime {
    return {
      ...runtime,
      now: () => this.#start + this.#leapt,
      monotonic: () => this.#leapt,
      setTimeout: (run, ms, options) => this.#plan(runtime, { run, due: this.#leapt + ms }, ms, options),
    }
  }

  /** Resolves when what fell due has begun. */
  async leap(ms: number): Promise<void> {
    this.#leapt += ms
    const due = [...this.#timers].filter((each) => each.due <= this.#leapt)
    for (const { run } of due.sort((a, b) => a.due - b.due)) run()
    await systemRuntime.yield()
  }

  #plan(
    runtime: Runtime,
    { run, due }: Planned,
    ms: number,
    options?: { readonly background?: boolean },
  ): Timer {
    const once = (): void => {
      real.clear()
      if (this.#timers.delete(planned)) run()
    }
    const planned = { due, run: once }
    this.#timers.add(planned)
    const real = runtime.setTimeout(once, ms, options)
    return {
      clear: () => {
        real.clear()
        this.#timers.delete(planned)
      },
    }
  }
}
