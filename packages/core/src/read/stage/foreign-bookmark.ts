import { LogRolledBackError, type MessageId, type TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import { type LogRecord, startFrom, startIdOf } from '../../log/log-record.js'
import type { Bookmark } from './bookmark.js'
import type { LatePlace, StageContext } from './read-stage.js'
import { TermHistory } from './term-history.js'

/** The place of a record in the order of delivery: records are delivered by time tick, and by id where time ticks are equal. */
export interface ForeignPlace {
  readonly timeTick: TimeTick
  readonly id: MessageId
}

/** Where a scanner starts in a log that another system wrote. */
export interface ForeignStart {
  /** The term that was current at the start; -1 when unknown. */
  readonly term: number
  /** The order of all records up to this time tick is final; -1 when unknown. */
  readonly settled: TimeTick
  /** Serialised id of a record from which on everything above the time tick `settled` is stored. */
  readonly settledFrom: string
  /** Records up to this id are skipped. */
  readonly behind?: MessageId
  /**
   * Records up to this one were delivered before the reader resumed; with `inclusive` this one is delivered again. The reader
   * has to find this record in the log (G8).
   */
  readonly passed?: ForeignPlace & { readonly inclusive: boolean }
}

/** The start of a reader of the whole log. */
export const FOREIGN_BEGINNING: ForeignStart = { term: -1, settled: -1n, settledFrom: '' }

/** The record that a reader has to find before any later one (G8). */
interface SoughtRecord extends ForeignPlace {
  /**
   * True when this reader has read the record itself. False when a position names it, with the time tick at which it was
   * delivered.
   */
  readonly isRead: boolean
}

/**
 * The bookmark of a reader in a log that another system wrote. It holds the id of the last record that was read, and the last
 * persisted time tick, up to which the order is final.
 */
export class ForeignBookmark implements Bookmark {
  readonly #context: StageContext
  readonly #passed: ForeignStart['passed']
  readonly terms: TermHistory
  /** The place up to which everything was delivered, or is about to be. */
  #settled: LatePlace
  /** The id of the last record read, and its time tick, -1 when unknown. */
  #lastId: MessageId | undefined
  #lastTick: TimeTick = -1n
  /** Set when a gap follows the last record read: reading cannot resume from that record. */
  #isBeforeGap = false
  #sought: SoughtRecord | undefined
  /**
   * Always false: records in the shared tail have no place for the order that is not final yet, so this reader stays at the
   * backend.
   */
  readonly mayTail = false

  constructor(context: StageContext, { term, settled, settledFrom, behind, passed }: ForeignStart) {
    this.#context = context
    this.#passed = passed
    this.terms = new TermHistory(context.ids, term)
    this.#settled = { settled, settledFrom, startTerm: term }
    this.#lastId = behind
    this.#sought = passed && { ...passed, isRead: false }
  }

  get timeTick(): TimeTick {
    return this.#settled.settled
  }

  /** The place up to which the order is final. */
  get settled(): LatePlace {
    return this.#settled
  }

  get last(): KnownPlace | undefined {
    if (this.#lastId === undefined) return undefined
    const writer = { term: this.terms.current, incarnation: '' }
    return { writer, timeTick: this.timeTick, id: this.#lastId }
  }

  get sought(): KnownPlace | undefined {
    const writer = { term: -1, incarnation: '' }
    return this.#sought && { writer, timeTick: this.#sought.timeTick }
  }

  get resumeId(): MessageId | undefined {
    return this.#isBeforeGap ? undefined : this.#lastId
  }

  seekAgain(): void {
    if (this.#isBeforeGap) return
    if (this.#lastId !== undefined)
      this.#sought = { id: this.#lastId, timeTick: this.#lastTick, isRead: true }
    else if (this.#passed !== undefined) this.#sought = { ...this.#passed, isRead: false }
  }

  passGap(): void {
    this.#sought = undefined
    this.#isBeforeGap = true
  }

  /**
   * Notes that the record is read now; returns false if it was read before, since a new backend scanner begins with the last
   * record read. Throws `WAL_LOG_ROLLED_BACK` when the log goes on without the record that the reader has to find.
   */
  moveTo(record: LogRecord): boolean {
    const { id, timeTick } = record
    if (this.#sought !== undefined) this.#look(record, this.#sought)
    if (this.#lastId !== undefined && this.#context.ids.compare(id, this.#lastId) <= 0) return false
    this.#lastId = id
    this.#lastTick = timeTick
    this.#isBeforeGap = false
    return true
  }

  /** Called for a persisted time tick, which says that every record up to it lies before it in the log. */
  settle(tick: LogRecord): void {
    this.#settled = {
      settled: tick.timeTick,
      settledFrom: startFrom(tick, this.#context.ids),
      startTerm: this.startTermOf(tick),
    }
  }

  /** The term that was current where a reader starts that is given the record's position. */
  startTermOf(record: LogRecord): number {
    return this.terms.at(startIdOf(record, this.#context))
  }

  /** False if a record that is delivered at `timeTick` was already delivered before the reader resumed. */
  isNew({ id }: LogRecord, timeTick: TimeTick): boolean {
    const passed = this.#passed
    if (passed === undefined || timeTick > passed.timeTick) return true
    if (timeTick < passed.timeTick) return false
    return this.#context.ids.compare(id, passed.id) >= (passed.inclusive ? 0 : 1)
  }

  #look(record: LogRecord, { id, timeTick, isRead }: SoughtRecord): void {
    const { where, ids } = this.#context
    const order = ids.compare(record.id, id)
    if (order < 0) return
    // A time tick that is unknown (-1) is not compared. A position holds the time tick at which the record was delivered. The
    // record's own time tick is lower if it was stored too late for its place in the order.
    const differs = isRead ? timeTick >= 0n && record.timeTick !== timeTick : record.timeTick > timeTick
    if (order > 0 || differs)
      throw new LogRolledBackError(
        `${where}: message ${ids.serialise(id)} (time tick ${timeTick}) was read and is gone; the log goes on with message ${ids.serialise(record.id)}, time tick ${record.timeTick}. It lost its end, in a failover or because an older copy of it was restored.`,
      )
    this.#sought = undefined
  }
}
