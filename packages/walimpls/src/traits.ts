/** What a backend can promise before it is connected. */
export interface Traits {
  /** How far its fence reaches: writers of this process, of this host, of all machines. `none`: readers' judgement alone. */
  readonly fencing: 'none' | 'process' | 'host' | 'cluster'
  /** In what units `truncate` frees storage. */
  readonly truncation: 'none' | 'record' | 'segment'
  /** Whether openers have `list` and `delete`. */
  readonly list: boolean
  readonly delete: boolean
}

/**
 * Bounds of an open log. The adaptor keeps within them: what is larger is refused, and never reaches the backend. Sizes are
 * those of `recordBytes`: the bytes of payload, keys and values, texts in UTF-8, without anything that an encoding adds.
 */
export interface Limits {
  /**
   * Largest record, in bytes. It may be larger than `maxBatchBytes`: such a record comes alone in its batch. The backend
   * judges a record that comes alone by its size as it is encoded for the server, and refuses it with
   * `WAL_MESSAGE_TOO_LARGE`, not written, when thousands of small properties make it larger than the server takes.
   */
  readonly maxRecordBytes: number
  /**
   * Largest batch of several records, in bytes. It must be so small that no batch within it and `maxBatchMessages` exceeds
   * what the server takes, whatever the encoding adds: the adaptor sends the same batch again, never cut in another way. At
   * worst all is in properties of a byte each. Example: Kafka puts a length before each key and each value, so that such a
   * property takes three bytes, and about ten more for each record; where the server takes 1 MiB, 300 KiB and 10,000
   * messages are safe.
   */
  readonly maxBatchBytes: number
  /** Largest number of records in a batch. */
  readonly maxBatchMessages: number
  /** How many batches may be handed to `append` before the first has settled, from 1. */
  readonly maxInFlightBatches: number
  /**
   * How long, in milliseconds, the backend remembers a writer that stores nothing; after that it may let an older writer
   * in again. Absent: it never forgets. The adaptor stores a time tick before a third of this has passed, and looks into
   * the log before it believes an answer that came after more than half of it, or the first answer behind a failure.
   */
  readonly maxIdleMs?: number
}

/** What an open log is worth, for programs to read and operators to see. `unknown` is never a guess. */
export interface Guarantees {
  /** What is true of a record when its append has resolved. */
  readonly durability: string
  readonly fencing: string
  /** Who else but `truncate` may remove records. */
  readonly retention: string
  readonly truncation: string
  /** Settings that weaken a promise, one sentence each, with the remedy. Logged at open. */
  readonly warnings: readonly string[]
}
