import type { TailRun } from '../buffer/run.js'
import type { Bookmark } from './stage/bookmark.js'

/**
 * Serves readers that have reached the log's end with the records that follow, so that they need no backend scanner of their
 * own.
 */
export interface LogTail {
  /**
   * A reader of the records behind the last one that the joining reader has read; undefined when the tail does not hold all of
   * these. `atEnd`: the backend has just said that no record follows.
   */
  join(
    joining: Joining,
    atEnd: boolean,
    signal: AbortSignal,
  ): Promise<TailReader | undefined> | TailReader | undefined
}

/** What a tail has to know of a reader that joins it: the last record that the reader has read. */
export type Joining = Pick<Bookmark, 'last' | 'timeTick'>

export interface TailReader {
  /**
   * The next records; undefined when there are none yet; `evicted` when the tail has dropped them and only the backend has
   * them.
   */
  read(): TailRun | 'evicted' | undefined
  /** Whether the tail was at the log's end when it read last. */
  readonly atEnd: boolean
  /** Resolves when `read` may answer more, or once the signal aborts. */
  changed(): Promise<void>
  close(): Promise<void>
}
