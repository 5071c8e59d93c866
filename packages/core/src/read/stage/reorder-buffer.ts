import { recordBytes, type TimeTick } from '@wal/walimpls'
import { RECORD_OVERHEAD_BYTES } from '../../buffer/buffered-run.js'
import type { LogRecord } from '../../log/log-record.js'
import type { ReorderBudget } from './reorder-budget.js'

/** Holds records of another system's log until a time tick settles their order. */
export class ReorderBuffer {
  readonly #budget: ReorderBudget
  #records: LogRecord[] = []

  constructor(budget: ReorderBudget) {
    this.#budget = budget
  }

  /** Adds the record that comes next in storage order. Returns false when the budget has no room for it. */
  add(record: LogRecord): boolean {
    if (!this.#budget.reserve(bytesInMemory(record))) return false
    this.#records.push(record)
    return true
  }

  /**
   * Removes and returns the records up to `timeTick`, ordered by time tick. Records with equal time ticks stay in storage
   * order.
   */
  release(timeTick: TimeTick): readonly LogRecord[] {
    const settled = this.#records.filter((record) => record.timeTick <= timeTick)
    if (settled.length === 0) return settled
    // A time tick usually settles all but the last few records, so a heap would be no faster than this filter.
    this.#records = this.#records.filter((record) => record.timeTick > timeTick)
    for (const record of settled) this.#budget.giveBack(bytesInMemory(record))
    return settled.sort(byTimeTick)
  }

  clear(): void {
    for (const record of this.#records) this.#budget.giveBack(bytesInMemory(record))
    this.#records = []
  }
}

function bytesInMemory(record: LogRecord): number {
  return recordBytes(record) + RECORD_OVERHEAD_BYTES
}

function byTimeTick(one: LogRecord, other: LogRecord): number {
  return one.timeTick < other.timeTick ? -1 : one.timeTick > other.timeTick ? 1 : 0
}
