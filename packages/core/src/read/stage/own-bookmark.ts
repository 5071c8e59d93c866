import { LogRolledBackError, type MessageId, type TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { LogRecord } from '../../log/log-record.js'
import { isSameWriter } from '../../log/same-writer.js'
import type { Bookmark } from './bookmark.js'
import type { GapEdge } from './read-stage.js'

/** In a log of ours: at the last record that counted, known by its writer and its time tick. */
export class OwnBookmark implements Bookmark {
  readonly #where: string
  #timeTick: TimeTick
  /** Where the reader began; undefined when it began at no record, or behind a gap. */
  #began: KnownPlace | undefined
  /** The last record that counted. Another writer may have become the current one since, without a record that counts. */
  #lastId: MessageId | undefined
  #lastTerm = -1
  #lastIncarnation = ''
  #sought: KnownPlace | undefined
  /** The last time tick read on the way to the record that is sought: up to there the log is as it was. */
  #unchanged: TimeTick = -1n

  /** `resumed`: the record that has to be found again. */
  constructor(where: string, known: KnownPlace | undefined, resumed: KnownPlace | undefined) {
    this.#where = where
    this.#timeTick = known?.timeTick ?? -1n
    this.#began = resumed
    this.#sought = resumed
  }

  get timeTick() {
    return this.#timeTick
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
    return { writer, timeTick: this.#timeTick, id: this.#lastId }
  }

  get resumeId() {
    return this.#lastId
  }

  seekAgain(): void {
    this.#sought = this.last
    this.#unchanged = -1n
  }

  /** While a record is sought: whether this one is it. Throws `WAL_LOG_ROLLED_BACK` when the log went on without it. */
  look(record: LogRecord, isVoid: boolean): void {
    if (this.#sought === undefined) return
    const { timeTick, writer } = this.#sought
    if (record.timeTick === timeTick && isSameWriter(record, writer)) this.#sought = undefined
    else if (!isVoid && record.timeTick > this.#timeTick) throw this.#rolledBack(record, timeTick)
    else if (record.timeTick < timeTick) this.#unchanged = record.timeTick
  }

  /** Everything up to this record was read, and the record counts. */
  moveTo({ id, term, incarnation, timeTick }: LogRecord): void {
    // Below the position that a reader resumed from, records are read for the stages alone.
    if (timeTick <= this.#timeTick) return
    this.#timeTick = timeTick
    this.#lastId = id
    this.#lastTerm = term
    this.#lastIncarnation = incarnation
  }

  passGap(known: GapEdge | undefined): void {
    this.#began = undefined
    this.#lastId = undefined
    this.#sought = undefined
    if (known !== undefined) this.#timeTick = known.timeTick
  }

  #rolledBack(record: LogRecord, known: TimeTick): LogRolledBackError {
    const behind = this.#unchanged < 0n ? '' : `behind time tick ${this.#unchanged} `
    return new LogRolledBackError(
      `${this.#where}: records ${behind}up to time tick ${known} were acknowledged and are gone; the log goes on with time tick ${record.timeTick} of term ${record.term}. It lost its end, in a failover or because an older copy of it was restored.`,
    )
  }
}
