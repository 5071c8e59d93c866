/**
 * Every error code, and whether the same call may succeed when it is made again. Codes are part of the API: new ones are added,
 * and none is renamed.
 */
export const ERROR_CODES = {
  /** A name, term, option, position or property is not acceptable. Raised before any I/O. */
  WAL_INVALID_ARGUMENT: { retryable: false },
  /** The WAL, opener or scanner was closed: by its owner, or because the opener or WAL that it belongs to was closed. */
  WAL_CLOSED: { retryable: false },
  /** The deadline passed while an append was still queued: certainly not written. Or the deadline of an open passed. */
  WAL_TIMEOUT: { retryable: true },
  /** The wait for an append ended before its outcome was known. The error carries a token for `resolve`. */
  WAL_OUTCOME_UNKNOWN: { retryable: false },
  /** A newer writer has opened the channel. Stop writing; do not open again in a loop. */
  WAL_FENCED: { retryable: false },
  /** Append, barrier or truncate on a log that was opened for reading. */
  WAL_READ_ONLY: { retryable: false },
  /** A read-only open or a delete named a log that does not exist. */
  WAL_CHANNEL_NOT_FOUND: { retryable: false },
  /** The position lies below the oldest record that is kept. */
  WAL_POSITION_TRUNCATED: { retryable: false },
  /** The position belongs to another log, or to an earlier life of this one. */
  WAL_POSITION_MISMATCH: { retryable: false },
  /** Stored data is damaged, or is not in a format that this version understands. */
  WAL_CORRUPT: { retryable: false },
  /** The log lost acknowledged records at its end, in a failover, say, and new records were stored in their place. */
  WAL_LOG_ROLLED_BACK: { retryable: false },
  /** The message is larger than the backend's largest record: certainly not written. */
  WAL_MESSAGE_TOO_LARGE: { retryable: false },
  /** The append would make more bytes wait for room than `maxWaitingBytes`: certainly not written. */
  WAL_RATE_LIMITED: { retryable: true },
  /** To put the records of another system's log in order needs more memory than the budget allows. */
  WAL_BUDGET_EXCEEDED: { retryable: false },
  /** The log's time ticks are further ahead of this machine's clock than `maxClockAheadMs`. */
  WAL_CLOCK_AHEAD: { retryable: false },
  /** No backend has that name or URL scheme; the message says what to import. */
  WAL_BACKEND_NOT_REGISTERED: { retryable: false },
  /** Another package has registered a backend under that name. */
  WAL_BACKEND_ALREADY_REGISTERED: { retryable: false },
  /** A backend was written for another contract version, or a log has a format or a record that this version does not know. */
  WAL_SPEC_UNSUPPORTED: { retryable: false },
  /**
   * The storage has no room for a record: a full disk, a used-up quota, no inodes, a server at its memory limit. An append
   * waits and is sent again. Only freeing storage helps. So after this code `truncate` frees storage first, before it records
   * in the log where the log begins.
   */
  WAL_STORAGE_FULL: { retryable: true },
  /** The backend cannot be reached, or cannot answer now. */
  WAL_UNAVAILABLE: { retryable: true },
} as const

export type ErrorCode = keyof typeof ERROR_CODES
