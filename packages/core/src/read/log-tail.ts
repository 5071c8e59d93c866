import type { TailRun } from '../buffer/run.js'
import type { Bookmark } from './stage/bookmark.js'

/** Where readers at the end of the log get what follows, without a backend scanner of their own. */
export interface LogTail {
  /**
   * A reader of what follows the last record that the joining reader has read; undefined where that is not at hand.
   * `atEnd`: the backend has just said that nothing follows.
   */
  join(
    joining: Joining,
    atEnd: boolean,
    signal: AbortSignal,
  ): Promise<TailReader | undefined> | TailReader | undefined
}

/** What a tail has to know of the reader that joins it. */
export type Joining = Pick<Bookmark, 'last' | 'timeTick'>

export interface TailReader {
  /** The next records; undefined when there are none yet; `evicted` when only the backend has them any more. */
  read(): TailRun | 'evicted' | undefined
  /** Whether the log had nothing more when it was last read. */
  readonly atEnd: boolean
  /** Resolves when there may be more to read, or once the signal aborts. */
  changed(): Promise<void>
  close(): Promise<void>
}
