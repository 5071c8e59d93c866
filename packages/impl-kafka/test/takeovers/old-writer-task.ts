/** The task of the process of the older writer, as JSON in its one argument. */
export interface OldWriterTask {
  readonly address: string
  readonly channel: string
  /** By how much the clock of the process is behind the broker's. */
  readonly clockBehindMs: number
  /** After so many appends the writer is idle until it gets SIGTERM. Absent: it appends all the time. */
  readonly pauseAfter?: number
  /** Whether all records but the last are truncated before the pause. */
  readonly truncates?: boolean
}
