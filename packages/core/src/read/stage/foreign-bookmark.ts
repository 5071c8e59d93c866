import { LogRolledBackError, type MessageId, type TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import { type LogRecord, startFrom, startIdOf } from '../../log/log-record.js'
import type { Bookmark } from './bookmark.js'
import type { LatePlace, StageContext } from './read-stage.js'
import { TermHistory } from './term-history.js'

/** A unit's place in the order of delivery: by time tick, then by id. */
export interface ForeignPlace {
  readonly timeTick: TimeTick
  readonly id: MessageId
}

/** Where a scanner of another system's log starts. */
export interface ForeignStart {
  /** Current there; -1: unknown. */
  readonly term: number
  /** Everything up to this time tick is settled; -1: unknown. */
  readonly settled: TimeTick
  /** Serialised id from which on lies everything above `settled`. */
  readonly settledFrom: string
  /** Records up to this one are not read. */
  readonly behind?: MessageId
  /** Units up to this one (`from`: up to, but without it) were delivered before. The reader has to find this one again (G8). */
  readonly passed?: ForeignPlace & { readonly inclusive: boolean }
}

/** The oldest record kept, whatever it is. */
export const FOREIGN_BEGINNING: ForeignStart = { term: -1, settled: -1n, settledFrom: '' }

/** The record that has to be found before any later one (G8). */
interface SoughtRecord extends ForeignPlace {
  /** This reader has read it itself; otherwise a position names it, at the time tick where it was delivered. */
  readonly isRead: boolean
}

/**
 * In a log that another system wrote: at the last record that was read, known by its id, and at the last persisted time
 * tick, up to which the order is settled.
 */
export class ForeignBookmark implements Bookmark {
  readonly #context: StageContext
  readonly #passed: ForeignStart['passed']
  readonly terms: TermHistory
  /** Everything up to here was delivered, or is about to be. */
  #settled: LatePlace
  /** The last record read, and its time tick, -1 when that is not known. */
  #lastId: MessageId | undefined
  #lastTick: TimeTick = -1n
  /** A gap follows the last record read, so nothing can be resumed from there. */
  #isBeforeGap = false
  #sought: SoughtRecord | undefined
  /** The write-ahead buffer knows of no order that is yet to be settled. */
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

  /** The place up to which everything is settled. */
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
   * The record is read now. False when it was read before: a new backend scanner begins with the last record that was. Throws
   * `WAL_LOG_ROLLED_BACK` when the log went on without the record that is sought.
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

  /** A persisted time tick: everything up to there lies before it. */
  settle(tick: LogRecord): void {
    this.#settled = {
      settled: tick.timeTick,
      settledFrom: startFrom(tick, this.#context.ids),
      startTerm: this.startTermOf(tick),
    }
  }

  /** The term that was current where a reader with the record's position begins. */
  startTermOf(record: LogRecord): number {
    return this.terms.at(startIdOf(record, this.#context))
  }

  /** Whether a unit that is delivered at `timeTick` was not delivered before the position that this reader resumed from. */
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
    // A time tick that is not known is not compared. A position names the one at which the unit was delivered, which a
    // record that came too late lies below.
    const differs = isRead ? timeTick >= 0n && record.timeTick !== timeTick : record.timeTick > timeTick
    if (order > 0 || differs)
      throw new LogRolledBackError(
        `${where}: message ${ids.serialise(id)} (time tick ${timeTick}) was read and is gone; the log goes on with message ${ids.serialise(record.id)}, time tick ${record.timeTick}. It lost its end, in a failover or because an older copy of it was restored.`,
      )
    this.#sought = undefined
  }
}
