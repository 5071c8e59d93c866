import type { LogRecord } from '../log/log-record.js'
import type { Run } from './run.js'

/**
 * The records of the runs that were decoded last, so that readers at the end of the log share them: with sixteen, each
 * decoding for itself costs six times as much. No more are kept: a reader behind them decodes for itself, since records
 * that outlive the young generation cost the collector as much as making them (`docs/performance.md`).
 */
export class DecodedRuns {
  readonly #capacityBytes: number
  readonly #records = new Map<Run, readonly LogRecord[]>()
  /** The bytes of the runs whose records are kept. */
  bytes = 0

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes
  }

  recordsOf(run: Run): readonly LogRecord[] {
    const kept = this.#records.get(run)
    if (kept !== undefined) return kept
    const records = run.decode()
    this.#records.set(run, records)
    this.bytes += run.bytes
    // The newest run stays, however large it is: the other readers at the end of the log are about to ask for it.
    for (const oldest of this.#records.keys()) {
      if (this.bytes <= this.#capacityBytes || oldest === run) break
      this.forget(oldest)
    }
    return records
  }

  forget(run: Run): void {
    if (this.#records.delete(run)) this.bytes -= run.bytes
  }

  clear(): void {
    this.#records.clear()
    this.bytes = 0
  }
}
