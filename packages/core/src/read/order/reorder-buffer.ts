import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../../log/log-record.js'
import { heldBytes, type ReorderBudget } from './reorder-budget.js'

/** Records whose order is not settled yet. */
export class ReorderBuffer {
  readonly #budget: ReorderBudget
  #records: LogRecord[] = []

  constructor(budget: ReorderBudget) {
    this.#budget = budget
  }

  get length(): number {
    return this.#records.length
  }

  /** In storage order. False when the budget has no room for it. */
  add(record: LogRecord): boolean {
    if (!this.#budget.take(heldBytes(record))) return false
    this.#records.push(record)
    return true
  }

  /** Takes out everything up to `timeTick`: by time tick, and in storage order where they share one. */
  release(timeTick: TimeTick): readonly LogRecord[] {
    const settled = this.#records.filter((record) => record.timeTick <= timeTick)
    if (settled.length === 0) return settled
    // A tick mostly settles all but the last few, so what stays behind is not worth a heap.
    this.#records = this.#records.filter((record) => record.timeTick > timeTick)
    for (const record of settled) this.#budget.giveBack(heldBytes(record))
    return settled.sort(byTimeTick)
  }

  clear(): void {
    for (const record of this.#records) this.#budget.giveBack(heldBytes(record))
    this.#records = []
  }
}

function byTimeTick(one: LogRecord, other: LogRecord): number {
  return one.timeTick < other.timeTick ? -1 : one.timeTick > other.timeTick ? 1 : 0
}
