import { recordBytes, type TimeTick } from '@wal/walimpls'
import { RECORD_OVERHEAD_BYTES } from '../../buffer/buffered-run.js'
import type { LogRecord } from '../../log/log-record.js'
import type { ReorderBudget } from './reorder-budget.js'

/** Records whose order is not settled yet. */
export class ReorderBuffer {
  readonly #budget: ReorderBudget
  #records: LogRecord[] = []

  constructor(budget: ReorderBudget) {
    this.#budget = budget
  }

  /** In storage order. False when the budget has no room for it. */
  add(record: LogRecord): boolean {
    if (!this.#budget.reserve(bytesInMemory(record))) return false
    this.#records.push(record)
    return true
  }

  /** Removes everything up to `timeTick`: by time tick, and in storage order where records share one. */
  release(timeTick: TimeTick): readonly LogRecord[] {
    const settled = this.#records.filter((record) => record.timeTick <= timeTick)
    if (settled.length === 0) return settled
    // A tick mostly settles all but the last few, so a heap would not pay.
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
