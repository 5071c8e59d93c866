import type { AppendError } from '../errors/append-error.js'
import { type AppendBounds, refusalOf } from './append-bounds.js'
import { notWrittenBehind } from './not-written.js'

/**
 * Stores batches one behind the other, in call order, and keeps the promise of prefixes (G3): when one fails, those
 * that were handed in before it failed are turned away unwritten.
 */
export class AppendTurns {
  #tail: Promise<unknown> = Promise.resolve()
  #failures = 0
  #inFlight = 0
  readonly #bounds: AppendBounds | undefined

  constructor(bounds?: AppendBounds) {
    this.#bounds = bounds
  }

  /** `store` rejects with what the caller is to see; it runs when all before it have settled. */
  run<T>(store: () => Promise<T>): Promise<T> {
    const refusal = this.#bounds && refusalOf(this.#bounds, this.#inFlight)
    if (refusal !== undefined) return this.refuse(refusal)
    this.#inFlight++
    const failuresBefore = this.#failures
    const turn = this.#tail.then(async () => {
      try {
        if (failuresBefore !== this.#failures) throw notWrittenBehind()
        return await store()
      } catch (error) {
        if (failuresBefore === this.#failures) this.#failures++
        throw error
      } finally {
        this.#inFlight--
      }
    })
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Refuses a batch behind those in flight, since calls settle in order. What is handed in until then is turned away with it. */
  refuse(error: AppendError): Promise<never> {
    const turn = this.#tail.then(() => {
      this.#failures++
      throw error
    })
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when all that was handed in has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }
}
