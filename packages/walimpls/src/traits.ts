/** What a backend promises before it is connected. */
export interface Traits {
  /**
   * Which writers the fence keeps out: those of the same process, of the same host, or of all machines. With `none` there is no
   * fence, and only readers tell which records are void.
   */
  readonly fencing: 'none' | 'process' | 'host' | 'cluster'
  /** In which pieces `truncate` frees storage. */
  readonly truncation: 'none' | 'record' | 'segment'
  /** Whether openers can list and delete channels. */
  readonly list: boolean
  readonly delete: boolean
}

/**
 * The limits of an open log. The adaptor keeps within them: it refuses a larger message before the backend sees it. Sizes are
 * counted as `recordBytes` counts: payload, keys and values in UTF-8 bytes, without what the backend's encoding adds.
 */
export interface Limits {
  /**
   * The largest record, in bytes. May be larger than `maxBatchBytes`: such a record is sent as a batch of its own. The encoding
   * may add much to a record of thousands of small properties. When that makes a single record too large for the server, the
   * backend refuses it with `WAL_MESSAGE_TOO_LARGE` as not written.
   */
  readonly maxRecordBytes: number
  /**
   * The largest batch of more than one record, in bytes. No batch within this limit and `maxBatchMessages` may be too large for
   * the server, whatever the encoding adds: the adaptor can send a refused batch only again, never split it. The worst case is
   * a batch made of one-byte properties. Example: Kafka stores a length with each key and each value, so that such a property
   * takes three bytes instead of one, and about ten bytes more for each record. Where the server accepts 1 MiB, a limit of 300
   * KiB and 10,000 messages is safe.
   */
  readonly maxBatchBytes: number
  /** The largest number of records in a batch. */
  readonly maxBatchMessages: number
  /** How many batches may be in flight at once: given to `append` and not settled. 1 or more. */
  readonly maxInFlightBatches: number
  /**
   * How long, in milliseconds, the backend remembers the fence of a writer that stores nothing; afterwards the backend may
   * accept an older writer. Absent: forever. So that the fence is not forgotten, the adaptor stores a time tick before a third
   * of this time has passed. An answer that comes after more than half of it, or first after a failure, is believed only once
   * the adaptor has read the log.
   */
  readonly maxIdleMs?: number
}

/** Which of its drivers a backend has chosen for a log, and why. Drivers of one backend may keep promises differently well. */
export interface DriverChoice {
  /** The name of the driver, as the backend's options call it, for example `protocol`. */
  readonly name: string
  /** Why this driver serves the log: one sentence, for example "The package pulsar-client is not installed." */
  readonly reason: string
}

/**
 * What an open log is worth: for programs to check and operators to see. A property that is not known for certain says
 * `unknown`.
 */
export interface Guarantees {
  /** The driver that serves the log, of a backend that has several; absent for all others. */
  readonly driver?: DriverChoice
  /** How durable a record is when its append has resolved. */
  readonly durability: string
  readonly fencing: string
  /** Who may remove records without `truncate`. */
  readonly retention: string
  readonly truncation: string
  /** Settings that weaken a promise: one sentence each, with the remedy. Core logs them when it opens the log. */
  readonly warnings: readonly string[]
}
