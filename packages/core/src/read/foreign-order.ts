import {
  corrupt,
  type MessageId,
  propertyOf,
  RESERVED,
  type TimeTick,
  WalError,
  type Writer,
} from '@wal/walimpls'
import type { LogOrder } from './log-order.js'
import { isTimeTick, type LogRecord, placeOf, refuseMixed, startFrom, startIdOf } from './log-record.js'
import type { ReadContext } from './read-context.js'
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
  /** Units up to this one (`from`: up to, but without it) were delivered before; it has to be met again (G8). */
  readonly passed?: ForeignPlace & { readonly inclusive: boolean }
}

/** The oldest record kept, whatever it is. */
export const FOREIGN_BEGINNING: ForeignStart = { term: -1, settled: -1n, settledFrom: '' }

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
  readonly #context: ReadContext
  readonly #start: ForeignStart
  readonly #deliverLate: boolean
  readonly #buffer: ReorderBuffer
  #settled: TimeTick
  #settledFrom: string
  #settledTerm: number
  readonly #terms: TermHistory
  #lastId: MessageId | undefined
  #resumed: ForeignStart['passed']
  #late = new Map<LogRecord, LateRecord>()
  readonly mayTail = false
  readonly passedOver = { voids: 0, duplicates: 0 }

  constructor(context: ReadContext, start: ForeignStart, deliverLate: boolean) {
    this.#context = context
    this.#start = start
    this.#deliverLate = deliverLate
    this.#buffer = new ReorderBuffer(context.reorder)
    this.#settled = start.settled
    this.#settledFrom = start.settledFrom
    this.#settledTerm = start.term
    this.#terms = new TermHistory(context.ids, start.term)
    this.#lastId = start.behind
    this.#resumed = start.passed
  }

  get timeTick(): TimeTick {
    return this.#settled
  }

  get writer(): Writer | undefined {
    const { current: term } = this.#terms
    return term < 0 ? undefined : { term, incarnation: '' }
  }

  take(record: LogRecord, out: LogRecord[]): void {
    const { where, ids } = this.#context
    // A backend scanner that took over from one that failed begins with what was seen before.
    if (this.#lastId !== undefined && ids.compare(record.id, this.#lastId) <= 0) return
    refuseMixed(record, true, where, ids)
    this.#lastId = record.id
    this.#checkResumed(record)
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

  /** Only what came out of the buffer is met again, and no log of another system is read from one. */
  meetAgain(): void {}

  skip(): void {
    this.#resumed = undefined
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

  #checkResumed(record: LogRecord): void {
    if (this.#resumed === undefined) return
    const { where, ids } = this.#context
    const order = ids.compare(record.id, this.#resumed.id)
    if (order < 0) return
    if (order > 0 || record.timeTick > this.#resumed.timeTick)
      throw new WalError(
        'WAL_LOG_ROLLED_BACK',
        `${where}: the record of the position (message ${ids.serialise(this.#resumed.id)}, time tick ${this.#resumed.timeTick}) is gone; the log goes on with message ${ids.serialise(record.id)}, time tick ${record.timeTick}. It lost its end, probably in a failover.`,
      )
    this.#resumed = undefined
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
