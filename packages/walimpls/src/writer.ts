/**
 * Who writes: the term says which writer is newer, the incarnation tells two opens at one term apart. Made by the
 * adaptor, new at every open for writing, and written into every record.
 */
export interface Writer {
  /** Epoch of the channel's writer, a safe integer from 0. */
  readonly term: number
  /** Random text, `[a-z0-9]{1,32}`. */
  readonly incarnation: string
}
