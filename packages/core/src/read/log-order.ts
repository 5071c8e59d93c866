import type { TimeTick, Writer } from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/** Who was current at a place in the log, and the last time tick there. */
export interface KnownPlace {
  readonly writer: Writer
  readonly timeTick: TimeTick
}

/**
 * The stage that decides what counts and in which order: stored records go in as they lie in the log, records to deliver
 * come out. One for logs of ours, one for those that another system wrote.
 */
export interface LogOrder {
  /** Everything up to this time tick has come out; −1 when nothing has. */
  readonly timeTick: TimeTick
  readonly writer: Writer | undefined
  /** How many records did not count, so far. */
  readonly passedOver: { readonly voids: number; readonly duplicates: number }
  /** Whether the write-ahead buffer may give what follows: nothing from the backend is awaited any more. */
  readonly mayTail: boolean
  /** Adds to `out` what is to be delivered now. Throws what ends the reader; what is in `out` by then still counts. */
  take(record: LogRecord, out: LogRecord[]): void
  /**
   * Reading begins anew at or before the last record that came out: it has to be met before any later one, or the log
   * lost its end (`WAL_LOG_ROLLED_BACK`).
   */
  meetAgain(): void
  /** What lies between here and `known`, or what comes next when nothing is known of it, is gone. */
  skip(known: KnownPlace | undefined): void
  close(): void
}
