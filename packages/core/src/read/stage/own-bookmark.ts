import { LogRolledBackError, type MessageId, type TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { LogRecord } from '../../log/log-record.js'
import { isSameWriter } from '../../log/same-writer.js'
import type { Bookmark } from './bookmark.js'
import type { GapEdge } from './read-stage.js'

/** The bookmark of a reader in a log of this library: the last record that counted, named by its writer and its time tick. */
export class OwnBookmark implements Bookmark {
  readonly #where: string
  #timeTick: TimeTick
  /** The record from which the reader resumed; undefined when it resumed from none, or behind a gap. */
  #began: KnownPlace | undefined
  /**
   * The last record that counted, and its writer. A newer writer may be the current one by now, if no record of it counted yet.
   */
  #lastId: MessageId | undefined
  #lastTerm = -1
  #lastIncarnation = ''
  #sought: KnownPlace | undefined
  /** The time tick of the last record read while another record is looked for: up to here the log is as it was. */
  #unchanged: TimeTick = -1n

  /**
   * `resumed`: the record that has to be found again; `known`: the current writer there, and the time tick up to which nothing
   * is delivered.
   */
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

  /**
   * Compares this record with the one that the reader has to find. Throws `WAL_LOG_ROLLED_BACK` when the log goes on without
   * it.
   */
  look(record: LogRecord, isVoid: boolean): void {
    if (this.#sought === undefined) return
    const { timeTick, writer } = this.#sought
    if (record.timeTick === timeTick && isSameWriter(record, writer)) this.#sought = undefined
    else if (!isVoid && record.timeTick > this.#timeTick) throw this.#rolledBack(record, timeTick)
    else if (record.timeTick < timeTick) this.#unchanged = record.timeTick
  }

  /** Moves the bookmark to this record, which counts. */
  moveTo({ id, term, incarnation, timeTick }: LogRecord): void {
    // A record below the position from which the reader resumed is read for the stages alone. It must not move the bookmark
    // back.
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
