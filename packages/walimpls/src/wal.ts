import type { Batch } from './batch.js'
import type { MessageId } from './message/message-id.js'
import type { StoredMessage } from './message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from './scanner.js'
import type { Guarantees, Limits } from './traits.js'
import type { Writer } from './writer.js'

/** The options of every call that waits. An abort ends the wait: the call rejects with `signal.reason`. */
export interface Waits {
  /** Its abort ends the wait, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal
}

/** An open log. Backends implement it, and the adaptor calls it. All methods may be called concurrently. */
export interface ReadOnlyWALImpls<I extends MessageId = MessageId> {
  readonly channel: string
  /**
   * A text that names the place where the log is stored, such as a folder's device and inode, or a server's run id with
   * database and prefix. Two opens of one log give the same text; a copy of the log elsewhere has another. A process has at
   * most one writer for each text.
   */
  readonly place: string
  readonly limits: Limits
  readonly guarantees: Guarantees
  /**
   * Reads the last stored record, whichever writer stored it, also a void one; undefined when the log has no record. Every call
   * reads again. `truncate` never frees this record, and no acknowledged record lies above it, unless the log lost its end.
   * Rejects with `WAL_POSITION_TRUNCATED` when others removed every record, and with `WAL_CLOSED` after `close`.
   */
  last(waits?: Waits): Promise<StoredMessage<I> | undefined>
  /**
   * Begins a scanner at once; the scanner reports all errors. After `close` of the log the scanner gives `undefined` or
   * `WAL_CLOSED`.
   */
  read(options: ScannerOptions<I>): ScannerImpls<I>
  /**
   * Closes the log and its scanners, but not the opener. Idempotent. Appends in flight settle first, and later appends are
   * refused. So every append has to settle within a time that the backend bounds itself, such as a request's time limit, also
   * while the server cannot be reached. When a close hangs nevertheless, the adaptor stops waiting for it after some seconds
   * and logs a warning.
   */
  close(): Promise<void>
}

/** A log that is open for writing. */
export interface WALImpls<I extends MessageId = MessageId> extends ReadOnlyWALImpls<I> {
  readonly writer: Writer
  /**
   * False when the fence does not reach as far as `traits.fencing` says, as for a file on a network file system that other
   * hosts write to. The adaptor then acknowledges only records that it has read back. Absent: the fence reaches that far.
   */
  readonly fenceReaches?: boolean
  /**
   * Stores a batch. Resolves with one id for each record, in order, once all records are as durable as `guarantees` says.
   *
   * Order: batches are stored in call order. Ids rise from batch to batch and from writer to writer, and no id is given out
   * twice. A reader that got one id must never find a lower one later. Example: two transactions draw the ids 7 and 8; no
   * reader may see 8 before 7 is stored. So a backend draws ids under the lock that orders the stores, not before.
   *
   * Concurrency: the adaptor calls `append` again before earlier calls have settled, up to `limits.maxInFlightBatches` at once.
   * Calls settle in call order. When one fails, no batch behind it is stored: those calls reject with outcome `not-written`.
   * `AppendTurns` in the helper does this. The adaptor calls `append` only at the beginning of a turn of the event loop, when
   * it has seen every rejection. When a backend's driver works synchronously, the backend itself gives the event loop a turn
   * (`runtime.yield`) in each append; otherwise a loop of appends would keep timers and I/O from running.
   *
   * Resend: after all calls in flight have settled, the adaptor sends the failed batches again, the same objects in the same
   * order. A backend that recognises a batch by its sequence answers the ids of the stored copy. Another backend stores the
   * batch a second time, and readers drop the second copy.
   *
   * Fence: the batch of sequence 0 begins with the opening record. Once that record is stored, no batch of another writer may
   * be stored, as far as `traits.fencing` reaches. The statement or transaction that stores a batch has to check the fence
   * itself, since a newer writer may come between two statements. Of two writers at one term, the one whose opening record is
   * stored later wins, whichever called `open` first. The backend does not judge which writer is right: the log that was opened
   * last takes the fence with its first batch, even if readers will find its opening record void. Readers judge, and writers
   * read the log. So a backend may refuse an opening record of a lower term, but need not. A writer that lost the fence, and
   * finds no newer writer in the log, opens again, and the first batch on the new log takes the fence again.
   *
   * Late statements: a statement that was sent on a broken connection may still run on the server, after the same batch and
   * later ones were sent on another connection. When it runs behind a newer writer's opening record, the fence has to refuse
   * it. Otherwise it may store the batch a second time, since readers drop second copies. It must not store the batch below
   * records that are already there, nor behind a hole: a batch is stored only when the batch handed in before it is stored.
   *
   * Rejects with an error that has `outcome: 'not-written' | 'unknown'`; an error without an outcome counts as `unknown`.
   * - `not-written`: certainly nothing of this attempt is stored or will be. When a connection breaks after the request was
   *   sent, the outcome is `unknown`. The adaptor remembers that an attempt of a batch was `unknown`, also when it opens the
   *   log again, until an attempt succeeds; a backend need not remember it.
   * - `WAL_FENCED`: the backend saw another writer. The adaptor reads the log before it believes it.
   * - `WAL_MESSAGE_TOO_LARGE`, `WAL_INVALID_ARGUMENT`: this batch is refused for good.
   * - `WAL_STORAGE_FULL`: the storage has no room for the batch, and nothing else: a disk, a quota, inodes or a memory limit
   *   are used up. After two of these in a row for a batch, the adaptor lets a waiting `truncate` free storage before it
   *   records the new beginning in the log. After any other code it records the beginning first. So a backend that gives this
   *   code for a lost connection risks the record of the beginning, and a backend that gives another code for a full disk is
   *   never freed.
   * - `WAL_CLOSED`, outcome `not-written`: the log is closed.
   * - Any other error that is `retryable`, or no `WalError`: the adaptor sends the batch again.
   * - Any other error, such as `WAL_CORRUPT`: the writer ends.
   */
  append(batch: Batch): Promise<readonly I[]>
  /**
   * Frees records below `before`, in pieces of the backend's granularity, but never the last record. A `before` below the
   * present beginning does nothing. Durable when it resolves: a reader that starts lower then gets `WAL_POSITION_TRUNCATED`, or
   * records that are still there; core keeps the exact beginning in the log itself. Works while the storage is full, also
   * between two attempts of an append that waits for room. A backend may reject with `WAL_FENCED` when the writer lost its
   * fence, but need not: the adaptor passes only a beginning that the log itself names, or will name once it has room.
   */
  truncate(before: I, waits?: Waits): Promise<void>
}
