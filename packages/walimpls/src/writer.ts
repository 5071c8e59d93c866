/**
 * A writer of a log. The term says which of two writers is newer, and the incarnation tells two opens at the same term apart.
 * The adaptor makes a new one for every open for writing, and stores it in every record.
 */
export interface Writer {
  /** The writer's epoch: an integer from 0 to 2^53 − 1. Of two writers, the one with the higher term is newer. */
  readonly term: number
  /** A random text of 1 to 32 characters, `[a-z0-9]`, made at every open for writing. */
  readonly incarnation: string
}
