import { pause } from './patience.js'

/**
 * The conditions that one test waits for. Each has a name, so that the report of a test whose time is up says which
 * condition never came true. The end of the test ends all of these waits. Otherwise a workload that failed would go on and
 * keep the process alive.
 */
export class Waiting {
  readonly #over = new AbortController()
  readonly #open = new Set<() => string>()

  /** Aborted when the test is over, whether it passed or failed. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Resolves when the condition is true. Rejects when the test is over. `what` completes "The test waited until …". */
  async until(what: string | (() => string), condition: () => boolean | Promise<boolean>): Promise<void> {
    const named = typeof what === 'string' ? () => what : what
    this.#open.add(named)
    while (!(await condition())) await pause(5, this.signal)
    this.#open.delete(named)
  }

  end(): void {
    this.#over.abort(new Error('the test is over'))
  }

  /** A sentence for each condition that the test still waits for; empty when there is none. */
  report(): string {
    return [...this.#open].map((what) => `The test waited until ${what()}.`).join(' ')
  }
}
