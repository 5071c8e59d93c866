import { LogRolledBackError, type MessageId, type TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import { type LogRecord, refuseMixed } from '../../log/log-record.js'
import { isSameWriter } from '../../log/same-writer.js'
import { WriterJudge } from '../../log/writer-judge.js'
import type { LogOrder, OrderContext } from './log-order.js'

/** Logs of ours: storage order is time-tick order, so what counts is delivered at once. */
export class OwnOrder implements LogOrder {
  readonly #context: OrderContext
  #judge: WriterJudge
  /** Where the reader began; undefined when it began at no record, or behind a gap. */
  #began: KnownPlace | undefined
  /** The last record that counted. Another writer may have become the current one since, without a record that counts. */
  #lastId: MessageId | undefined
  #lastTerm = -1
  #lastIncarnation = ''
  #sought: KnownPlace | undefined
  /** What was read on the way to the record that is sought: the log still has that. */
  #passed: TimeTick = -1n

  constructor(context: OrderContext, known: KnownPlace | undefined, resumed: KnownPlace | undefined) {
    this.#context = context
    this.#judge = new WriterJudge(known)
    this.#began = resumed
    this.#sought = resumed
  }

  get timeTick() {
    return this.#judge.timeTick
  }

  get passedOver() {
    return this.#judge
  }

  get mayTail(): boolean {
    return this.#sought === undefined
  }

  get sought() {
    return this.#sought
  }

  get last(): KnownPlace | undefined {
    if (this.#lastId === undefined) return this.#began
    const writer = { term: this.#lastTerm, incarnation: this.#lastIncarnation }
    return { writer, timeTick: this.#judge.timeTick, id: this.#lastId }
  }

  get resumeId() {
    return this.#lastId
  }

  seekAgain(): void {
    this.#sought = this.last
    this.#passed = -1n
  }

  take(record: LogRecord, out: LogRecord[]): void {
    refuseMixed(record, false, this.#context.where, this.#context.ids)
    const counts = this.#judge.counts(record)
    if (this.#sought !== undefined) this.#seek(record, counts, this.#sought)
    if (!counts) return
    this.#lastId = record.id
    this.#lastTerm = record.term
    this.#lastIncarnation = record.incarnation
    out.push(record)
  }

  skip(known: Pick<KnownPlace, 'writer' | 'timeTick'> | undefined): void {
    this.#began = undefined
    this.#lastId = undefined
    this.#sought = undefined
    if (known === undefined) this.#judge.passHole()
    else this.#judge = new WriterJudge(known)
  }

  close(): void {}

  #seek(record: LogRecord, counts: boolean, { timeTick, writer }: KnownPlace): void {
    if (record.timeTick === timeTick && isSameWriter(record, writer)) this.#sought = undefined
    else if (counts) throw this.#rolledBack(record, timeTick)
    else if (record.timeTick < timeTick) this.#passed = record.timeTick
  }

  #rolledBack(record: LogRecord, known: TimeTick): LogRolledBackError {
    const behind = this.#passed < 0n ? '' : `behind time tick ${this.#passed} `
    return new LogRolledBackError(
      `${this.#context.where}: records ${behind}up to time tick ${known} were acknowledged and are gone; the log goes on with time tick ${record.timeTick} of term ${record.term}. It lost its end, in a failover or because an older copy of it was restored.`,
    )
  }
}
