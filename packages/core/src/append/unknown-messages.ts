import type { BatchInFlight } from '../message/batch-in-flight.js'
import type { ResultContext } from './append-result.js'
import { type AckedRecord, ackedBefore, addRun, formatToken, type TickRun, tokenOf } from './outcome-token.js'

/** The messages of one call that were sent and whose outcome is unknown, in the order in which they were sent. */
export class UnknownMessages {
  #ackedBefore: AckedRecord | undefined
  readonly #runs: TickRun[] = []
  /** The batch that the last ones are part of, the first of them and the one behind them. */
  #sent: BatchInFlight | undefined
  #from = 0
  #to = 0

  add(sent: BatchInFlight, index: number): void {
    if (sent !== this.#sent || index !== this.#to) {
      this.#endRun()
      this.#ackedBefore ??= ackedBefore(sent)
      this.#sent = sent
      this.#from = index
    }
    this.#to = index + 1
  }

  /** Names them all; `total` are not known to be written. Undefined when there are none. */
  token(context: ResultContext, total: number): string | undefined {
    this.#endRun()
    this.#sent = undefined
    if (this.#ackedBefore === undefined) return undefined
    return formatToken(tokenOf(context, this.#ackedBefore, this.#runs, total))
  }

  #endRun(): void {
    if (this.#sent === undefined) return
    const first = this.#sent.firstTimeTick + BigInt(this.#from)
    addRun(this.#runs, { first, count: this.#to - this.#from })
  }
}
