import { abortable } from '@wal/walimpls/helper'
import type { OutcomeToken } from '../append/outcome-token.js'
import { explainEnd } from '../read/explain-end.js'
import type { ReadContext } from '../read/read-context.js'

/**
 * Finds out where reading goes on, for errors about tokens that start from a record which the log lost. Callers whose tokens
 * start from the same record share one look, as long as it is under way.
 */
export class LossLooks {
  readonly #ending = new AbortController()
  readonly #looks = new Map<string, Promise<unknown>>()

  /** The error with `resumeAt`; the error as it is when the look finds no such place, or is given up. Never rejects. */
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

  /** Gives up all looks: callers that wait get their error as it is. */
  close(): void {
    this.#ending.abort()
  }
}
