/** Which log all the processes of one demo share. */
export interface Log {
  readonly backend: string
  readonly url: string
  readonly channel: string
}

/** A record that the writer was told is durable. */
export interface Acked {
  readonly index: number
  readonly position: string
}

/** What those who work on the log are given by the one who started them. */
export interface Follow {
  readonly signal: AbortSignal
  /** How many records are done by now. */
  progress(count: number): void
}
