/**
 * Every code a caller may meet, and whether the same call may succeed if it is simply made again.
 * Codes are API: they are added, never renamed.
 */
export const ERROR_CODES = {
  /** A name, term, option, position or property is not acceptable. Raised before any I/O. */
  WAL_INVALID_ARGUMENT: { retryable: false },
  /** The WAL, opener or scanner was closed, by its owner or because what it lived in was closed. */
  WAL_CLOSED: { retryable: false },
  /** The deadline passed while the append was still queued: certainly not written. Also of an open. */
  WAL_TIMEOUT: { retryable: true },
  /** The wait ended before the outcome was known; the error carries a token for `resolve`. */
  WAL_OUTCOME_UNKNOWN: { retryable: false },
  /** A newer writer owns the channel. Stop being the writer; do not reopen in a loop. */
  WAL_FENCED: { retryable: false },
  /** Append, barrier or truncate on a log that was opened for reading. */
  WAL_READ_ONLY: { retryable: false },
  /** A read-only open, or a delete, of a log that is not there. */
  WAL_CHANNEL_NOT_FOUND: { retryable: false },
  /** The position lies below the oldest record that is kept. */
  WAL_POSITION_TRUNCATED: { retryable: false },
  /** The position belongs to another log, or to an earlier life of this one. */
  WAL_POSITION_MISMATCH: { retryable: false },
  /** What is stored is damaged or not in a format this version understands. */
  WAL_CORRUPT: { retryable: false },
  /** The log lost acknowledged records at its end (a failover) and went on without them. */
  WAL_LOG_ROLLED_BACK: { retryable: false },
  /** The message is over the backend's largest record: certainly not written. */
  WAL_MESSAGE_TOO_LARGE: { retryable: false },
  /** More bytes are waiting for room than `maxWaitingBytes`: certainly not written. */
  WAL_RATE_LIMITED: { retryable: true },
  /** Another system's log needs more memory to be put in order than the budget allows. */
  WAL_BUDGET_EXCEEDED: { retryable: false },
  /** The log's time ticks are further ahead of this machine's clock than `maxClockAheadMs`. */
  WAL_CLOCK_AHEAD: { retryable: false },
  /** No backend has that name or URL scheme; the message says what to import. */
  WAL_BACKEND_NOT_REGISTERED: { retryable: false },
  /** Another package has registered a backend under that name. */
  WAL_BACKEND_ALREADY_REGISTERED: { retryable: false },
  /** A backend's contract, or what is stored (a log's format, another system's transaction), is not of this version. */
  WAL_SPEC_UNSUPPORTED: { retryable: false },
  /**
   * The storage has no room for a record: a full disk, a used-up quota, no inodes, a server at its memory limit. An append
   * waits and is sent again. Only freeing helps, so `truncate` frees before anything else when an append is refused with it.
   */
  WAL_STORAGE_FULL: { retryable: true },
  /** The backend can't be reached or can't serve now. */
  WAL_UNAVAILABLE: { retryable: true },
} as const

export type ErrorCode = keyof typeof ERROR_CODES
