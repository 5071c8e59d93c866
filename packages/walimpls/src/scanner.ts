import type { MessageId } from './message/message-id.js'
import type { StoredMessage } from './message/wire-message.js'

/** `oldest`: the oldest record kept. `latest`: what is stored after `ready()`. `from`: that id, inclusive, or the first above. */
export type StartPosition<I extends MessageId = MessageId> = 'oldest' | 'latest' | { readonly from: I }

export interface ScannerOptions<I extends MessageId = MessageId> {
  readonly start: StartPosition<I>
  /** Aim for batches of this size; one record larger than it comes alone. */
  readonly maxBytes: number
  /** Its abort closes the scanner and rejects what waits with `signal.reason`. */
  readonly signal?: AbortSignal
}

/**
 * A reader of the stored log. Implemented by backends, called by the adaptor. It has no state on the server: any number
 * of scanners read independently, each everything, in id order, and none leaves anything behind.
 *
 * One call of `next` at a time. The adaptor reads ahead by at most one batch, so memory is the backend's own prefetch.
 */
export interface ScannerImpls<I extends MessageId = MessageId> {
  /** Resolves when the start position is fixed. Rejects as `next` would. */
  ready(): Promise<void>
  /**
   * The next records, in id order, none left out. An empty array says once that the end was met; the call after it
   * waits for more, forever. `undefined` after `close`, also for a call that was waiting. The first end counts: after
   * an error or an abort, `next` goes on rejecting with it.
   *
   * Rejects, and from then on always: `WAL_POSITION_TRUNCATED` when the record that comes next is gone, whether it was
   * truncated or removed by others, with the id of the first record kept behind what is missing as `oldest` (absent when
   * nothing is kept there): a scanner from that id reads on. `WAL_LOG_ROLLED_BACK` when the log lost its end;
   * `WAL_CORRUPT` naming the place; `WAL_UNAVAILABLE` or a driver's error when the adaptor should open a new scanner at
   * its last record.
   *
   * That the log lost its end (a failover to a server without it, a restored backup) is noticed by the adaptor: it reads
   * the last record that it knows again whenever a scanner begins, and compares. It can't where a scanner lives through the
   * loss. So a scanner rejects when its connection was lost, and never goes on over another one in silence. A scanner
   * without a connection (files, an embedded database) itself notices that its last record is gone, or is another one:
   * scanner at 9, records 7 to 9 lost, others stored as 7 to 10, and the scanner would go on with 10.
   */
  next(): Promise<readonly StoredMessage<I>[] | undefined>
  /** Idempotent. Resolves when nothing of the scanner is left running. */
  close(): Promise<void>
}
