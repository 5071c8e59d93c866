import { corrupt, propertyOf, RESERVED, WalError } from '@wal/walimpls'
import { isTimeTick, type LogRecord, placeOf } from '../../log/log-record.js'
import { EndedRun, type ReadStage, type Unit } from './read-stage.js'
import type { ForeignReading, Reading } from './reading.js'
import { ReorderBuffer } from './reorder-buffer.js'

/**
 * The stage that puts another system's records in the order of their time ticks; records with equal time ticks stay in storage
 * order. A log of this library needs no such stage, since its records are stored in the order of their time ticks.
 */
export function reorder(reading: Reading): ReadStage | undefined {
  return reading.kind === 'foreign' ? new Reorder(reading) : undefined
}

/**
 * Another system appends concurrently, so its records may be stored in any order. But a persisted time tick says that every
 * record up to it lies before it. So records are held back until a time tick settles their order.
 *
 * Example: the log holds records with the time ticks 12, 11 and 14, then the persisted time tick 13, another record with 11,
 * and the persisted time tick 15. Time tick 13 settles 11, 12 and itself, in this order; 14 is held back. The second record
 * with 11 came too late: everything up to 13 was delivered already. Time tick 15 settles 14 and itself.
 *
 * The position of a delivered record need not account for the records that are held back. Another system's record itself names
 * an earlier record from which on everything above its time tick is stored (its last-confirmed id).
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
    // The position of a record that came too late holds the time tick that the reader had reached. A reader that resumes behind
    // such a position must not get the record again.
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
