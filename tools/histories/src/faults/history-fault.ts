/** Every fault must strike a load at least this often while appends are in flight. */
export const LEAST_HITS = 20

/** A failure from outside: what a test does to a server, or to the way to it, while a load runs. */
export interface HistoryFault {
  /** How often it strikes, spread evenly over the appends. Default: `LEAST_HITS`. */
  readonly strikes?: number
  /** The load keeps so many appends in flight. Default: 64. */
  readonly appendsAtOnce?: number
  /** The fault may lose acknowledged records. Everybody who knew them must then be told (`WAL_LOG_ROLLED_BACK`). */
  readonly mayLose?: boolean
  /** Does the harm, and calls `load.hit()` at that moment. Resolves when the next strike may come. */
  strike(ordinal: number, load: StruckLoad): Promise<void>
  /** Ends all harm. Every append after it must succeed. */
  heal?(): void
  /** Checks what this fault must have done to the load; runs after the history was judged. */
  check?(load: StruckLoad): void
}

/** What a fault sees of the load that it strikes. */
export interface StruckLoad {
  readonly channel: string
  /** Appends that were acknowledged. */
  readonly acked: number
  /** Appends that wait for their answer. */
  readonly outstanding: number
  /** Writers that were opened, one after another. */
  readonly writers: number
  /** Times that a writer was told that records which it wrote, or found, are lost. */
  readonly writersTold: number
  /** Times that a reader was told of a lost end. */
  readonly readersTold: number
  /** Records that somebody knew, and that were lost. */
  readonly lostRecords: number
  /** Counts the appends that are in flight at this moment as hit. */
  hit(): void
}
