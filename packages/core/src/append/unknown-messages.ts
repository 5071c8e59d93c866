import type { BatchInFlight, SentMessage } from '../message/batch-in-flight.js'
import type { ResultContext } from './append-result.js'
import {
  type AckedRecord,
  ackedBefore,
  addRun,
  formatToken,
  joinTokens,
  type TickRun,
  tokenOf,
} from './outcome-token.js'

/** The messages of one call whose outcome is unknown: given as they were sent and in that order, or by tokens of their own. */
export class UnknownMessages {
  #ackedBefore: AckedRecord | undefined
  readonly #runs: TickRun[] = []
  /** The batch that the messages added last are part of, the index of the first of them and the index behind them. */
  #sent: BatchInFlight | undefined
  #from = 0
  #to = 0
  readonly #tokens: string[] = []
  /** Whether there is a message that no token names. */
  #unnamed = false

  add({ batch, index }: SentMessage): void {
    if (batch !== this.#sent || index !== this.#to) {
      this.#endRun()
      this.#ackedBefore ??= ackedBefore(batch)
      this.#sent = batch
      this.#from = index
    }
    this.#to = index + 1
  }

  /** Adds a message by the token of its error. */
  addNamed(token: string | undefined): void {
    if (token === undefined) this.#unnamed = true
    else this.#tokens.push(token)
  }

  /**
   * One token for all of them; `total` messages of the call are not known to be written. Undefined when there are none, or
   * when one of them has no token: a token that names only some would make `resolve` say that the others were not written.
   */
  token(context: ResultContext, total: number): string | undefined {
    if (this.#unnamed) return undefined
    if (this.#tokens.length > 0) return joinTokens(this.#tokens, total)
    this.#endRun()
    this.#sent = undefined
    if (this.#ackedBefore === undefined) return undefined
    return formatToken(tokenOf(context, this.#ackedBefore, { runs: this.#runs, total }))
  }

  #endRun(): void {
    if (this.#sent === undefined) return
    const first = this.#sent.firstTimeTick + BigInt(this.#from)
    addRun(this.#runs, { first, count: this.#to - this.#from })
  }
}
