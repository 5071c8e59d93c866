import type { MessageId } from './message/message-id.js'
import type { StoredMessage } from './message/wire-message.js'

/**
 * Where a scanner starts. `oldest`: at the oldest record kept. `latest`: behind the last record, so that the scanner gives what
 * is stored after `ready()` has resolved. `from`: at this id (inclusive), or at the first one above it.
 */
export type StartPosition<I extends MessageId = MessageId> = 'oldest' | 'latest' | { readonly from: I }

export interface ScannerOptions<I extends MessageId = MessageId> {
  readonly start: StartPosition<I>
  /** About how many bytes a batch of `next` should have. A single record that is larger comes alone. */
  readonly maxBytes: number
  /** An abort of this signal closes the scanner. Calls that wait then reject with `signal.reason`. */
  readonly signal?: AbortSignal
}

/**
 * A reader of the stored log. Backends implement it, and the adaptor calls it. Any number of scanners read one log
 * independently of each other; each gets every record, in id order. A scanner keeps no state on the server and leaves nothing
 * there.
 *
 * The adaptor makes one call of `next` at a time. A backend may read ahead on its own; the adaptor holds at most one further
 * batch.
 */
export interface ScannerImpls<I extends MessageId = MessageId> {
  /** Resolves when the start position is fixed. Rejects with the same error as `next`. */
  ready(): Promise<void>
  /**
   * The next records, in id order, none left out. When the scanner reaches the log's end, one call gives an empty array, and
   * the call after it waits for new records, without limit. After `close` every call gives `undefined`, also a call that was
   * waiting. After an error or an abort every call rejects with that error, also when `close` follows.
   *
   * Errors: `WAL_POSITION_TRUNCATED` when the next record was truncated, or removed by others. The error's `oldest` is the
   * first record kept behind the missing ones, where a new scanner can go on; it is absent when no later record is kept.
   * `WAL_LOG_ROLLED_BACK` when the log lost its end. `WAL_CORRUPT` names the damaged place. `WAL_UNAVAILABLE` or a driver's
   * error asks the adaptor to open a new scanner at the last record it got.
   *
   * A log may lose its end: in a failover to a server that did not have it, or when a backup is restored. The adaptor notices
   * the loss when it begins a scanner, since it then reads its last record again and compares. During the life of a scanner it
   * cannot notice. So a scanner over a connection rejects when the connection is lost, and never continues over a new one. A
   * scanner without a connection (on files or an embedded database) has to check for itself that its last record is still the
   * same. Example: a scanner has given records up to 9; records 7 to 9 are lost and others are stored as 7 to 10; the scanner
   * must not go on with 10.
   */
  next(): Promise<readonly StoredMessage<I>[] | undefined>
  /** Idempotent. Resolves when no work of the scanner is in progress any more. */
  close(): Promise<void>
}
