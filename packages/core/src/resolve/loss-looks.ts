import { abortable } from '@wal/walimpls/helper'
import type { OutcomeToken } from '../append/outcome-token.js'
import { explainEnd } from '../read/explain-end.js'
import type { ReadContext } from '../read/read-context.js'

/**
 * Finds out where reading can go on, when `resolve` found that the log lost the record from which the search for an append had
 * to start. Calls of `resolve` that start from the same record share one search.
 */
export class LossLooks {
  readonly #ending = new AbortController()
  readonly #looks = new Map<string, Promise<unknown>>()

  /**
   * The same error with `resumeAt`, the position where reading can go on. Without it when no such position is found, or the
   * search is given up. Never rejects.
   */
  async explain(
    error: unknown,
    token: OutcomeToken,
    { context, signal }: { readonly context: ReadContext; readonly signal: AbortSignal | undefined },
  ): Promise<unknown> {
    const { id } = token.ackedBefore
    let look = this.#looks.get(id)
    if (look === undefined) {
      look = this.#look(error, token, context).finally(() => this.#looks.delete(id))
      this.#looks.set(id, look)
    }
    return abortable(abortable(look, this.#ending.signal), signal).catch(() => error)
  }

  async #look(error: unknown, token: OutcomeToken, context: ReadContext): Promise<unknown> {
    const { writer, ackedBefore } = token
    const known = { writer, timeTick: ackedBefore.timeTick, id: context.ids.parse(ackedBefore.id) }
    return explainEnd(error, known, { ...context, signal: this.#ending.signal })
  }

  /** Gives up every search. Callers that wait get their error without a position. */
  close(): void {
    this.#ending.abort()
  }
}
