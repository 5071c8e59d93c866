import { type TimeTick, WalError } from '@wal/walimpls'
import type { KnownPlace, LogOrder } from './log-order.js'
import { type LogRecord, refuseMixed } from './log-record.js'
import type { ReadContext } from './read-context.js'
import { WriterJudge } from './writer-judge.js'

/** Logs of ours: storage order is time-tick order, so what counts is delivered at once. */
export class OwnOrder implements LogOrder {
  readonly #context: ReadContext
  #judge: WriterJudge
  /** The record that has to be met again before any later one (G8). */
  #resumed: KnownPlace | undefined
  /** What was met on the way to it: the log still has that. */
  #met: TimeTick = -1n
  /** Behind a gap, until somebody's record counts. */
  #adopting = false

  constructor(context: ReadContext, known: KnownPlace | undefined, resumed: KnownPlace | undefined) {
    this.#context = context
    this.#judge = new WriterJudge(known)
    this.#resumed = resumed
  }

  get timeTick() {
    return this.#judge.timeTick
  }

  get passedOver() {
    return this.#judge
  }

  get writer() {
    return this.#judge.writer
  }

  get mayTail(): boolean {
    return this.#resumed === undefined
  }

  meetAgain(): void {
    const { writer, timeTick } = this.#judge
    if (writer !== undefined) this.#resumed = { writer, timeTick }
    this.#met = -1n
  }

  take(record: LogRecord, out: LogRecord[]): void {
    refuseMixed(record, false, this.#context.where, this.#context.ids)
    if (this.#adopting && !this.#adopts(record)) return
    const counts = this.#judge.counts(record)
    if (this.#resumed !== undefined) this.#checkResumed(record, counts, this.#resumed)
    if (counts) out.push(record)
  }

  skip(known: KnownPlace | undefined): void {
    this.#resumed = undefined
    if (known === undefined) this.#adopting = true
    else this.#judge = new WriterJudge(known)
  }

  close(): void {}

  /** Who became current in what is lost can't be known: whoever comes next is, unless a newer one was met before. */
  #adopts({ term, incarnation, timeTick }: LogRecord): boolean {
    const { writer, timeTick: last } = this.#judge
    if (timeTick <= last || term < (writer?.term ?? 0)) return false
    this.#judge = new WriterJudge({ writer: { term, incarnation }, timeTick: last })
    this.#adopting = false
    return true
  }

  #rolledBack(record: LogRecord, known: TimeTick): WalError {
    const behind = this.#met < 0n ? '' : `behind time tick ${this.#met} `
    return new WalError(
      'WAL_LOG_ROLLED_BACK',
      `${this.#context.where}: records ${behind}up to time tick ${known} were acknowledged and are gone; the log goes on with time tick ${record.timeTick} of term ${record.term}. It lost its end, probably in a failover.`,
    )
  }

  #checkResumed(record: LogRecord, counts: boolean, { timeTick, writer }: KnownPlace): void {
    if (record.timeTick === timeTick && record.term === writer.term) this.#resumed = undefined
    else if (counts) throw this.#rolledBack(record, timeTick)
    else if (record.timeTick < timeTick) this.#met = record.timeTick
  }
}
