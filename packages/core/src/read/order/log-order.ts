import type { MessageId, MessageIdCodec, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { LogRecord } from '../../log/log-record.js'

/** What an order needs of the WAL whose log is read. */
export interface OrderContext {
  /** For messages: backend and channel. */
  readonly where: string
  readonly ids: MessageIdCodec
}

/**
 * The stage that decides what counts and in which order: stored records go in as they lie in the log, records to deliver
 * come out. One for logs of ours, one for those that another system wrote.
 */
export interface LogOrder {
  /** Everything up to this time tick has come out; −1 when nothing has. */
  readonly timeTick: TimeTick
  /** The last record that came out, or the one that reading resumed from; undefined before the first. */
  readonly last: KnownPlace | undefined
  /** How many records did not count, so far. */
  readonly passedOver: { readonly voids: number; readonly duplicates: number }
  /** Whether the write-ahead buffer may give what follows: nothing from the backend is awaited any more. */
  readonly mayTail: boolean
  /** The record that reading resumed from, until it is found; undefined when none is looked for. */
  readonly sought: KnownPlace | undefined
  /** Where a new backend scanner begins, to find the record that `seekAgain` looks for; undefined before the first one. */
  readonly resumeId: MessageId | undefined
  /** Adds to `out` what is to be delivered now. Throws what ends the reader; what is in `out` by then still counts. */
  take(record: LogRecord, out: LogRecord[]): void
  /**
   * A new backend scanner begins at `resumeId`, or where the reader began. The last record from there has to be found
   * before any later one, or the log lost its end (`WAL_LOG_ROLLED_BACK`): a reader that had read up to message 7, 8 and
   * 9, and whose log now has another record at 9, would otherwise pass over everything that took their places.
   */
  seekAgain(): void
  /** What lies between here and `known`, or what comes next when nothing is known of it, is gone. */
  skip(known: Pick<KnownPlace, 'writer' | 'timeTick'> | undefined): void
  close(): void
}
