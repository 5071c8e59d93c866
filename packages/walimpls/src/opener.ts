import type { MessageId } from './message/message-id.js'
import type { ReadOnlyWALImpls, WALImpls, Waits } from './wal.js'
import type { Writer } from './writer.js'

/**
 * A client of a message system: its connections, pools and threads. Backends implement it, and the adaptor calls it. The
 * adaptor closes the logs before it closes the opener, and passes only channel names that `checkChannelName` accepts.
 *
 * Errors: after `close` every call rejects with `WAL_CLOSED`. When the server cannot be reached, a call rejects with
 * `WAL_UNAVAILABLE` or a driver's error. A refused login is `WAL_UNAVAILABLE` with `retryable: false`, since the same password
 * fails again.
 */
export interface OpenerImpls<I extends MessageId = MessageId> {
  /**
   * Opens a log for reading; never creates, changes or fences one. Rejects with `WAL_CHANNEL_NOT_FOUND` when the log does not
   * exist.
   */
  openReadOnly(channel: string, waits?: Waits): Promise<ReadOnlyWALImpls<I>>
  /**
   * Opens a log for writing. May create the log and prepare its fence, but appends no record. Where the backend can, the fence
   * is taken not here but with the batch of sequence 0, so that an open which fails later disturbs no other writer.
   *
   * The adaptor may open again with the same writer, after a `WAL_FENCED` for which the log holds no newer writer. The new log
   * takes the fence again. `sequence` goes on where it was, and the adaptor sends the failed batches again on the new log.
   */
  open(channel: string, writer: Writer, waits?: Waits): Promise<WALImpls<I>>
  /** The names of all channels, in any order. Present when `traits.list` is true. */
  list?(waits?: Waits): Promise<readonly string[]>
  /**
   * Removes a channel and its records. Rejects with `WAL_CHANNEL_NOT_FOUND` when there is none; calls of logs that are open on
   * the channel reject with the same code from then on. Present when `traits.delete` is true.
   */
  delete?(channel: string, waits?: Waits): Promise<void>
  /** Closes the logs of this opener, then the opener. Idempotent. Afterwards nothing of the opener keeps the process alive. */
  close(): Promise<void>
}
