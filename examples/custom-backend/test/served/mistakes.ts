/** The ways in which a backend over a database server is easily wrong. Without any, this one is right. */
export interface Mistakes {
  /** The fence is looked up by a statement of its own, before the one that stores. */
  readonly fenceLookedUpBefore?: true
  /** Ids are drawn from a counter before the log is locked, and each batch has a connection of its own. */
  readonly idsDrawnBeforeLock?: true
  /** A batch goes out although the one before it failed. */
  readonly goesOnBehindFailure?: true
  /** A batch whose connection broke is said not to be written. */
  readonly deniesLostBatch?: true
  /** A waiting reader listens only while it waits, and never looks by itself. */
  readonly trustsWakeUps?: true
}
