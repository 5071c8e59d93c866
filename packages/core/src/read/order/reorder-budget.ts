import { recordBytes } from '@wal/walimpls'
import { RECORD_OVERHEAD_BYTES } from '../../buffer/buffered-run.js'
import type { LogRecord } from '../../log/log-record.js'

/** Bytes that the scanners of one WAL may hold back together, until a time tick settles the order of what they hold. */
export class ReorderBudget {
  #used = 0

  constructor(readonly capacityBytes: number) {}

  get used(): number {
    return this.#used
  }

  /** Takes the bytes, or none: false. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.capacityBytes) return false
    this.#used += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }
}

/** What a record that is held back counts. */
export function heldBytes(record: LogRecord): number {
  return recordBytes(record) + RECORD_OVERHEAD_BYTES
}
