import type { Batch } from './batch.js'
import type { MessageId } from './message/message-id.js'
import type { StoredMessage } from './message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from './scanner.js'
import type { Guarantees, Limits } from './traits.js'
import type { Writer } from './writer.js'

/** What every call that waits takes. Abort ends the wait and rejects with `signal.reason`. */
export interface Waits {
  /** Its abort ends the wait, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal
}

/** An open log. Implemented by backends, called by the adaptor. Everything may be called concurrently. */
export interface ReadOnlyWALImpls<I extends MessageId = MessageId> {
  readonly channel: string
  /**
   * Names the place where the log is stored: equal for two opens of one log, different for a copy of it elsewhere. A
   * folder's device and inode, a server's run id with database and prefix. A process has one writer for each place.
   */
  readonly place: string
  readonly limits: Limits
  readonly guarantees: Guarantees
  /**
   * The last stored record of any writer, void ones included; undefined for a log without records. Asked again it looks
   * again. It is never freed by `truncate`, and never lies below a record that was acknowledged, unless the log lost its
   * end. `WAL_POSITION_TRUNCATED` when others removed every record. After `close`: `WAL_CLOSED`.
   */
  last(waits?: Waits): Promise<StoredMessage<I> | undefined>
  /** Starts at once; errors come out of the scanner. After `close` it gives nothing: `undefined`, or `WAL_CLOSED`. */
  read(options: ScannerOptions<I>): ScannerImpls<I>
  /**
   * Releases what this log holds (not what the opener holds), its scanners included. Idempotent. Appends in flight settle
   * first, each with what became of it; nothing is handed in any more. So every append has to settle within a time that the
   * backend bounds itself (a request's time limit), also while the server is away. A close that hangs all the same is left
   * behind by the adaptor after some seconds, with a warning.
   */
  close(): Promise<void>
}

/** A log open for writing. */
export interface WALImpls<I extends MessageId = MessageId> extends ReadOnlyWALImpls<I> {
  readonly writer: Writer
  /**
   * False where the fence that `traits.fencing` names does not reach on this log: a file on a network file system, which
   * other hosts write to as well. The adaptor then acknowledges only what it has read back. Absent: it reaches.
   */
  readonly fenceReaches?: boolean
  /**
   * Stores a batch. Resolves with one id a message, in order, once all are as durable as `guarantees` says.
   *
   * Order: batches are stored in call order. Ids rise over batches and writers and are never given out twice. A reader
   * that was given an id must never find a lower one behind it: with ids 7 and 8 drawn for two transactions, 8 must not be
   * seen by anybody before 7 is. So ids are drawn under the lock that orders the stores, not before it is taken.
   * Concurrency: called again before the last call settled, up to `limits.maxInFlightBatches` at once. Calls settle in
   * order. When one fails, none behind it is stored: each of those rejects with outcome `not-written`.
   * (`AppendTurns` in the helper does this.) The adaptor hands in a further batch only at the beginning of a turn of the
   * event loop, when every rejection has reached it. A backend whose driver does not wait gives the event loop a turn
   * by itself (`runtime.yield`): a loop of appends would otherwise keep timers and I/O from ever running.
   * Resend: after every call in flight has settled the adaptor sends the failed ones again, the same objects in the
   * same order. A backend that recognises a stored batch by its sequence answers its ids; one that can't stores it
   * again, which readers undo.
   * Fence: the batch of sequence 0 holds the opening record. From when it is stored, nothing of another writer may be
   * stored after it, as far as `traits.fencing` reaches: the fence is checked by the very statement or transaction that
   * stores, since a newer writer may come between two. Of two writers at one term the one wins whose opening record is
   * stored later, whichever called `open` later. The backend never judges who is right: the log opened last takes the
   * fence with its first batch, also one whose opening record will be void to readers. Readers judge, and writers look
   * into the log. So a backend may refuse the opening record of a lower term, and need not: the adaptor does. A writer
   * that finds its fence taken, and no newer writer in the log, opens again: then the first batch of that log takes the
   * fence again.
   * Late statements: what was sent on a connection that broke may still run on the server, after the same batch was sent
   * again on another connection, and after others. Behind a newer writer's opening record the fence has to keep it out, as
   * any other batch. Before, it may store the batch a second time, which readers undo; it must not store it in front of
   * records that are there already, nor behind a hole: a batch is only stored when the one handed in before it is.
   *
   * Rejects with an error that has `outcome: 'not-written' | 'unknown'`; anything else counts as unknown.
   * `WAL_FENCED` means that the backend saw another writer: the adaptor looks into the log before it believes it.
   * `WAL_MESSAGE_TOO_LARGE` and `WAL_INVALID_ARGUMENT` are final for that batch. What is `retryable`, or no `WalError`,
   * is sent again. Anything else (`WAL_CORRUPT`) ends the writer. After `close`: `WAL_CLOSED`, outcome `not-written`.
   * `WAL_STORAGE_FULL` means that the storage has no room for the batch, and nothing else: a disk, a quota, inodes or a
   * memory limit are used up. When a batch is refused with it twice in a row, the adaptor lets a waiting `truncate` free
   * storage before the log itself names its new beginning. With any other code the adaptor names it first. A backend that
   * gives this code for a lost connection risks the log's name; one that gives another code for a full disk is never freed.
   * `not-written` is certain: nothing of this attempt is stored, nor will be. A connection that broke under a request that
   * was sent is never that. The adaptor remembers for each batch that an attempt was `unknown`, also when it opens the log
   * again as the same writer, and tells its callers so until one succeeds; a backend need not remember it.
   */
  append(batch: Batch): Promise<readonly I[]>
  /**
   * Frees ids below `before`, as far as the granularity allows, never above, and never the last record. Backwards is a
   * no-op. Durable when it resolves: a later reader below the new beginning gets `WAL_POSITION_TRUNCATED`, or more
   * than was asked for (core keeps the exact point in the log itself). It works while the storage is full, also between two
   * attempts of an append that waits for room. A backend may refuse it to a writer whose fence was taken (`WAL_FENCED`),
   * and need not: the adaptor asks for it only up to a point that the log itself names, or will once it has room.
   */
  truncate(before: I, waits?: Waits): Promise<void>
}
