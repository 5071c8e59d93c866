import {
  corrupt,
  LogRolledBackError,
  type MessageId,
  propertyOf,
  RESERVED,
  type TimeTick,
  WalError,
} from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import {
  isTimeTick,
  type LogRecord,
  placeOf,
  refuseMixed,
  startFrom,
  startIdOf,
} from '../../log/log-record.js'
import type { LogOrder, OrderContext } from './log-order.js'
import type { ReorderBudget } from './reorder-budget.js'
import { ReorderBuffer } from './reorder-buffer.js'
import { TermHistory } from './term-history.js'

/** A unit's place in the order of delivery: by time tick, then by id. */
export interface ForeignPlace {
  readonly timeTick: TimeTick
  readonly id: MessageId
}

/** Where a scanner of another system's log starts. */
export interface ForeignStart {
  /** Current there; −1: unknown. */
  readonly term: number
  /** Everything up to this time tick is settled; −1: unknown. */
  readonly settled: TimeTick
  /** Serialised id from which everything above `settled` is met. */
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
  readonly read: boolean
}

/** A record below what was delivered, and where the reader stood when it came. */
export interface LateRecord {
  readonly settled: TimeTick
  readonly settledFrom: string
  /** Term that was current at `settledFrom`, −1 if unknown. */
  readonly startTerm: number
}

/**
 * Logs that another system wrote: records lie in no order of time ticks, but a persisted time tick says that everything
 * up to it lies before it. So records are held back until a time tick settles them. What is delivered rises by time tick,
 * then by id; a record that comes below what its time tick settled can't be given its place any more and is an order
 * violation. The writer is the term alone: a record of a lower term than one before it is void.
 */
export class ForeignOrder implements LogOrder {
  readonly #context: OrderContext & { readonly reorder: ReorderBudget }
  readonly #start: ForeignStart
  readonly #deliverLate: boolean
  readonly #buffer: ReorderBuffer
  #settled: TimeTick
  #settledFrom: string
  #settledTerm: number
  readonly #terms: TermHistory
  /** The last record read, and its time tick, −1 when that is not known. */
  #lastId: MessageId | undefined
  #lastTick: TimeTick = -1n
  /** A gap follows the last record read, so nothing can be resumed from there. */
  #skipped = false
  #sought: SoughtRecord | undefined
  #late = new Map<LogRecord, LateRecord>()
  readonly mayTail = false
  readonly passedOver = { voids: 0, duplicates: 0 }

  constructor(
    context: OrderContext & { readonly reorder: ReorderBudget },
    start: ForeignStart,
    deliverLate: boolean,
  ) {
    this.#context = context
    this.#start = start
    this.#deliverLate = deliverLate
    this.#buffer = new ReorderBuffer(context.reorder)
    this.#settled = start.settled
    this.#settledFrom = start.settledFrom
    this.#settledTerm = start.term
    this.#terms = new TermHistory(context.ids, start.term)
    this.#lastId = start.behind
    this.#sought = start.passed && { ...start.passed, read: false }
  }

  get timeTick(): TimeTick {
    return this.#settled
  }

  take(record: LogRecord, out: LogRecord[]): void {
    const { where, ids } = this.#context
    refuseMixed(record, true, where, ids)
    if (this.#sought !== undefined) this.#seek(record, this.#sought)
    // A new backend scanner begins with the last record that was read before.
    if (this.#lastId !== undefined && ids.compare(record.id, this.#lastId) <= 0) return
    this.#lastId = record.id
    this.#lastTick = record.timeTick
    this.#skipped = false
    if (!this.#terms.counts(record)) {
      this.passedOver.voids++
      return
    }
    this.#refuseParts(record)
    if (record.timeTick < this.#settled) this.#takeLate(record, out)
    else if (isTimeTick(record)) this.#settle(record, out)
    else if (record.timeTick > this.#settled) this.#hold(record)
    else this.#give(record, out)
  }

  /** The late ones among the records that came out since the last call. */
  takeLateRecords(): ReadonlyMap<LogRecord, LateRecord> | undefined {
    if (this.#late.size === 0) return undefined
    const late = this.#late
    this.#late = new Map()
    return late
  }

  get last(): KnownPlace | undefined {
    if (this.#lastId === undefined) return undefined
    const writer = { term: this.#terms.current, incarnation: '' }
    return { writer, timeTick: this.#settled, id: this.#lastId }
  }

  get sought(): KnownPlace | undefined {
    const writer = { term: -1, incarnation: '' }
    return this.#sought && { writer, timeTick: this.#sought.timeTick }
  }

  get resumeId(): MessageId | undefined {
    return this.#skipped ? undefined : this.#lastId
  }

  seekAgain(): void {
    const { passed } = this.#start
    if (this.#skipped) return
    if (this.#lastId !== undefined) this.#sought = { id: this.#lastId, timeTick: this.#lastTick, read: true }
    else if (passed !== undefined) this.#sought = { ...passed, read: false }
  }

  skip(): void {
    this.#sought = undefined
    this.#skipped = true
  }

  close(): void {
    this.#buffer.clear()
  }

  /** Whether a unit was not delivered before the position that this reader resumed from. */
  #isNew(record: LogRecord, timeTick: TimeTick): boolean {
    const { passed } = this.#start
    if (passed === undefined || timeTick > passed.timeTick) return true
    if (timeTick < passed.timeTick) return false
    return this.#context.ids.compare(record.id, passed.id) >= (passed.inclusive ? 0 : 1)
  }

  #give(record: LogRecord, out: LogRecord[]): void {
    if (!this.#isNew(record, record.timeTick)) return
    const { where, ids } = this.#context
    out.push({ ...record, startTerm: this.#terms.at(startIdOf(record, where, ids)) })
  }

  #settle(tick: LogRecord, out: LogRecord[]): void {
    const { where, ids } = this.#context
    this.#settled = tick.timeTick
    this.#settledFrom = startFrom(tick, ids)
    this.#settledTerm = this.#terms.at(startIdOf(tick, where, ids))
    for (const record of this.#buffer.release(tick.timeTick)) this.#give(record, out)
    this.#give(tick, out)
  }

  #hold(record: LogRecord): void {
    if (this.#buffer.add(record)) return
    const { where, ids, reorder } = this.#context
    throw new WalError(
      'WAL_BUDGET_EXCEEDED',
      `${placeOf(record.id, where, ids)}: the records above time tick ${this.#settled} need more memory than the ${reorder.capacityBytes} bytes that scanners of this WAL may hold back until a persisted time tick settles their order. Open it with a larger budgetBytes, or read with fewer scanners at once.`,
    )
  }

  #takeLate(record: LogRecord, out: LogRecord[]): void {
    // Its place in what is delivered is where it was met; so a reader that resumes behind it does not meet it again.
    if (!this.#isNew(record, this.#settled)) return
    if (this.#deliverLate) {
      const place = { settled: this.#settled, settledFrom: this.#settledFrom, startTerm: this.#settledTerm }
      this.#late.set(record, place)
      out.push(record)
      return
    }
    const { where, ids } = this.#context
    throw corrupt(
      placeOf(record.id, where, ids),
      `order violation: its time tick ${record.timeTick} (term ${record.term}) lies below ${this.#settled}, up to which everything was already delivered. Probably two writers were at work. Read with orderViolations: 'deliver' to get such records and go on.`,
    )
  }

  #seek(record: LogRecord, { id, timeTick, read }: SoughtRecord): void {
    const { where, ids } = this.#context
    const order = ids.compare(record.id, id)
    if (order < 0) return
    // A time tick that is not known is not compared. Of a position, the unit's own may be the higher one.
    const differs = read ? timeTick >= 0n && record.timeTick !== timeTick : record.timeTick > timeTick
    if (order > 0 || differs)
      throw new LogRolledBackError(
        `${where}: message ${ids.serialise(id)} (time tick ${timeTick}) was read and is gone; the log goes on with message ${ids.serialise(record.id)}, time tick ${record.timeTick}. It lost its end, in a failover or because an older copy of it was restored.`,
      )
    this.#sought = undefined
  }

  #refuseParts(record: LogRecord): void {
    const what =
      propertyOf(record.properties, RESERVED.transaction) !== undefined
        ? 'a transaction (_tx)'
        : propertyOf(record.properties, RESERVED.chunkIndex) !== undefined
          ? 'a chunked message (_ci)'
          : undefined
    if (what === undefined) return
    const { where, ids } = this.#context
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${placeOf(record.id, where, ids)}: part of ${what} that another system wrote. This version of @wal/core does not put those together yet.`,
    )
  }
}
