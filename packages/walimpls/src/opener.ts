import type { MessageId } from './message/message-id.js'
import type { ReadOnlyWALImpls, WALImpls, Waits } from './wal.js'
import type { Writer } from './writer.js'

/**
 * A client of a message system: connections, pools, threads. Implemented by backends, called by the adaptor, which
 * closes the logs it opened first. Channel names have passed `checkChannelName`. After `close` every call is `WAL_CLOSED`;
 * what can't be reached now is `WAL_UNAVAILABLE`, or a driver's error. A login that fails is `WAL_UNAVAILABLE` too, with
 * `retryable: false`: the same user and password fail again.
 */
export interface OpenerImpls<I extends MessageId = MessageId> {
  /** `WAL_CHANNEL_NOT_FOUND` when there is none. Creates, changes and fences nothing. */
  openReadOnly(channel: string, waits?: Waits): Promise<ReadOnlyWALImpls<I>>
  /**
   * Opens for writing. May create the log and prepare its fence, appends no record. Where the backend can, the fence is
   * taken with the batch of sequence 0 and not here, so that an open which goes no further disturbs nobody. The same
   * writer again (after a `WAL_FENCED` that the log did not confirm) takes the fence again; `sequence` goes on, and the
   * batches that failed are sent again on the new log.
   */
  open(channel: string, writer: Writer, waits?: Waits): Promise<WALImpls<I>>
  /** Names of existing channels, in no order. Present when `traits.list`. */
  list?(waits?: Waits): Promise<readonly string[]>
  /** Removes a channel and its records; a missing one is `WAL_CHANNEL_NOT_FOUND`. Logs open on it fail likewise from then
   * on. Present when `traits.delete`. */
  delete?(channel: string, waits?: Waits): Promise<void>
  /** Closes its logs first. Idempotent. Afterwards nothing of it keeps the process alive. */
  close(): Promise<void>
}
