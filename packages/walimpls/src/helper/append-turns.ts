import type { AppendError } from '../errors/append-error.js'
import { type AppendBounds, refusalOf } from './append-bounds.js'
import { notWrittenBehind } from './not-written.js'

/**
 * Stores one batch after another, in call order, so that the batches that succeed are a prefix (G3). When one fails, every
 * batch that was handed in before that failure is refused unwritten. Example: 1, 2 and 3 are handed in and 2 fails; 3 is
 * refused.
 */
export class AppendTurns {
  #tail: Promise<unknown> = Promise.resolve()
  #failures = 0
  #inFlight = 0
  readonly #bounds: AppendBounds | undefined

  constructor(bounds?: AppendBounds) {
    this.#bounds = bounds
  }

  /**
   * Runs `store` when all earlier calls have settled, and settles as `store` does. The caller gets the error that `store`
   * rejects with.
   */
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

  /**
   * Rejects with `error`, after the batches in flight have settled, since calls settle in call order. Batches that are handed
   * in before this rejection are refused as well.
   */
  refuse(error: AppendError): Promise<never> {
    const turn = this.#tail.then(() => {
      this.#failures++
      throw error
    })
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when every batch that was handed in before this call has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }
}
