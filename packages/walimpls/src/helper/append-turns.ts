import { AppendError } from '../errors/append-error.js'

/**
 * Stores batches one behind the other, in call order, and keeps the promise of prefixes (G3): when one fails, those
 * that were handed in before it failed are turned away unwritten.
 */
export class AppendTurns {
  #tail: Promise<unknown> = Promise.resolve()
  #failures = 0

  /** `store` rejects with what the caller is to see; it runs when all before it have settled. */
  run<T>(store: () => Promise<T>): Promise<T> {
    const failuresBefore = this.#failures
    const turn = this.#tail.then(async () => {
      if (failuresBefore !== this.#failures)
        throw new AppendError(
          'WAL_UNAVAILABLE',
          'The batch was not stored, because one before it failed. Send both again.',
          { outcome: 'not-written' },
        )
      try {
        return await store()
      } catch (error) {
        this.#failures++
        throw error
      }
    })
    this.#tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when all that was handed in has settled. */
  async settled(): Promise<void> {
    await this.#tail
  }
}
