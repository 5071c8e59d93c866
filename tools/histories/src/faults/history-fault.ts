/** Every fault must strike a load at least this often while appends are in flight. */
export const LEAST_HITS = 20

/** A failure from outside, which a test causes at a server, or on the network to the server, while a load runs. */
export interface HistoryFault {
  /** How often the failure happens, spread evenly over the appends. Default: `LEAST_HITS`. */
  readonly strikes?: number
  /** How many appends the load keeps in flight at once. Default: 64. */
  readonly appendsAtOnce?: number
  /** Whether acknowledged records may be lost. Each writer and reader that knew them must then get `WAL_LOG_ROLLED_BACK`. */
  readonly mayLose?: boolean
  /** Causes the failure, and calls `load.hit()` at that moment. Resolves when the next one may come. */
  strike(ordinal: number, load: StruckLoad): Promise<void>
  /** Ends all failures. Every append after this call must succeed. */
  heal?(): void
  /** Checks that the failures had the effect on the load that they must have. Runs after the history was judged. */
  check?(load: StruckLoad): void
}

/** What a fault sees of the load. */
export interface StruckLoad {
  readonly channel: string
  /** How many appends were acknowledged. */
  readonly acked: number
  /** How many appends are in flight. */
  readonly outstanding: number
  /** How many writers were opened, one after another. */
  readonly writers: number
  /** How often a writer was told of the loss of records that it wrote, or found at its open. */
  readonly writersTold: number
  /** How often a reader was told that the log lost its end. */
  readonly readersTold: number
  /** How many records were lost that a writer or a reader knew. */
  readonly lostRecords: number
  /** Counts the appends in flight at this moment as affected by the fault. */
  hit(): void
  /**
   * Does something during which the load begins no append. Otherwise the load could end during a long preparation, before the
   * failure itself.
   */
  whileHeld(work: () => Promise<void>): Promise<void>
}
