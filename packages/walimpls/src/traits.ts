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

/** Bounds of an open log. The adaptor keeps within them: what is larger is refused, and never reaches the backend. */
export interface Limits {
  /** Largest record, in bytes: payload and properties as `recordBytes` counts them. */
  readonly maxRecordBytes: number
  /** Largest batch, counted alike. */
  readonly maxBatchBytes: number
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
