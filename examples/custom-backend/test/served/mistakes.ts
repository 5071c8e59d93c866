/** Mistakes that are easily made in a backend over a database server. Without any of them the backend is correct. */
export interface Mistakes {
  /** One statement reads the fence, and a later one stores the batch: a newer writer may come in between. */
  readonly fenceLookedUpBefore?: true
  /**
   * Ids are drawn before the log is locked, and each batch has its own connection. So a batch may be stored after one with
   * greater ids.
   */
  readonly idsDrawnBeforeLock?: true
  /** A batch is sent although the batch before it has failed. */
  readonly goesOnBehindFailure?: true
  /** A batch whose connection broke is reported as not written, although the server may have stored it. */
  readonly deniesLostBatch?: true
  /**
   * A scanner at the log's end listens only while it waits, and never polls. So it misses a record that is stored just before
   * it waits.
   */
  readonly trustsWakeUps?: true
}
