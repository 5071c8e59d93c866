/** Which log all the processes of one demo share. */
export interface Log {
  readonly backend: string
  readonly url: string
  readonly channel: string
}

/** A record that was acknowledged to the writer. */
export interface Acked {
  readonly index: number
  readonly position: string
}

/** What a writer or a reader of the demo is given by its caller. */
export interface Follow {
  readonly signal: AbortSignal
  /** Called with the number of records that are done. */
  progress(count: number): void
}
