import { abortable } from '@wal/walimpls/helper'
import type { OutcomeToken } from '../append/outcome-token.js'
import { explainEnd } from '../read/explain-end.js'
import type { ReadContext } from '../read/read-context.js'

/**
 * Looks where reading goes on, for those whose tokens start from a record that the log lost. One look serves all that
 * start from the same record and come while it is under way.
 */
export class LossLooks {
  readonly #ending = new AbortController()
  readonly #looks = new Map<string, Promise<unknown>>()

  /** The error with `resumeAt`, or as it is when the look finds nothing, or is over before. Never rejects. */
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

  /** Those that wait are told at once. */
  close(): void {
    this.#ending.abort()
  }
}
