import { corrupt, propertyOf, RESERVED, WalError } from '@wal/walimpls'
import { isTimeTick, type LogRecord, placeOf } from '../../log/log-record.js'
import { EndedRun, type ReadStage, type Unit } from './read-stage.js'
import type { ForeignReading, Reading } from './reading.js'
import { ReorderBuffer } from './reorder-buffer.js'

/**
 * Puts another system's records in the order of their time ticks; records that share one stay as they lie. Nothing is to be
 * done for a log of ours, whose storage order is the order of its time ticks.
 */
export function reorder(reading: Reading): ReadStage | undefined {
  return reading.kind === 'foreign' ? new Reorder(reading) : undefined
}

/**
 * Another system's appends are concurrent, and their records lie in any order. But a persisted time tick says that every
 * record up to it lies before it. So records are held back until a time tick settles them.
 *
 * Example: the log holds the records 12, 11, 14, then the persisted time tick 13, then 11 again and the persisted time tick
 * 15. Tick 13 settles 11, 12 and itself, in that order, and 14 is held back. The second 11 lies below 13, up to which
 * everything was delivered: its order is violated. Tick 15 settles 14 and itself.
 *
 * A unit's position needs nothing of what is held here. Another system's record names, as its last-confirmed id, a record
 * from which on everything with a greater time tick lies.
 */
class Reorder implements ReadStage {
  readonly #reading: ForeignReading
  readonly #buffer: ReorderBuffer

  constructor(reading: ForeignReading) {
    this.#reading = reading
    this.#buffer = new ReorderBuffer(reading.context.reorder)
  }

  pass(records: readonly LogRecord[]): readonly Unit[] {
    const out: Unit[] = []
    try {
      for (const record of records) this.#passOne(record, out)
    } catch (error) {
      throw new EndedRun(out, error)
    }
    return out
  }

  close(): void {
    this.#buffer.clear()
  }

  #passOne(record: LogRecord, out: Unit[]): void {
    this.#refuseParts(record)
    const { bookmark } = this.#reading
    if (record.timeTick < bookmark.timeTick) this.#passLate(record, out)
    else if (isTimeTick(record)) {
      bookmark.settle(record)
      for (const settled of this.#buffer.release(record.timeTick)) this.#give(settled, out)
      this.#give(record, out)
    } else if (record.timeTick > bookmark.timeTick) this.#hold(record)
    else this.#give(record, out)
  }

  #give(record: LogRecord, out: Unit[]): void {
    out.push({ ...record, startTerm: this.#reading.bookmark.startTermOf(record) })
  }

  #hold(record: LogRecord): void {
    if (this.#buffer.add(record)) return
    const { context, bookmark } = this.#reading
    const { reorder } = context
    throw new WalError(
      'WAL_BUDGET_EXCEEDED',
      `${placeOf(record.id, context)}: the records above time tick ${bookmark.timeTick} need more memory than the ${reorder.capacityBytes} bytes that scanners of this WAL may hold back until a persisted time tick settles their order. Open it with a larger budgetBytes, or read with fewer scanners at once.`,
    )
  }

  #passLate(record: LogRecord, out: Unit[]): void {
    const { context, bookmark, deliverLate } = this.#reading
    const late = bookmark.settled
    // A position of what is delivered here was given the time tick at which the reader stood. So a reader that resumes behind
    // that position does not get the record again.
    if (!bookmark.isNew(record, late.settled)) return
    if (deliverLate) {
      out.push({ ...record, late })
      return
    }
    throw corrupt(
      placeOf(record.id, context),
      `order violation: its time tick ${record.timeTick} (term ${record.term}) lies below ${late.settled}, up to which everything was already delivered. Probably two writers were at work. Read with orderViolations: 'deliver' to get such records and go on.`,
    )
  }

  #refuseParts(record: LogRecord): void {
    const what =
      propertyOf(record.properties, RESERVED.transaction) !== undefined
        ? 'a transaction (_tx)'
        : propertyOf(record.properties, RESERVED.chunkIndex) !== undefined
          ? 'a chunked message (_ci)'
          : undefined
    if (what === undefined) return
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${placeOf(record.id, this.#reading.context)}: part of ${what} that another system wrote. This version of @wal/core does not put those together yet.`,
    )
  }
}
