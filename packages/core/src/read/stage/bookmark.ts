import type { MessageId, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { GapEdge } from './read-stage.js'

/** The place in the stored log up to which a reader has read, and the record that the reader has to find there again. */
export interface Bookmark {
  /** The reader has read everything up to this time tick; -1 when it has read nothing. */
  readonly timeTick: TimeTick
  /** The last record that was read, or the one from which the reader resumed; undefined when there is neither. */
  readonly last: KnownPlace | undefined
  /**
   * Whether the next records may come from memory (the shared tail). Not while a record is looked for that only the backend
   * has.
   */
  readonly mayTail: boolean
  /** The record from which the reader resumed, until it is found again; undefined when none is looked for. */
  readonly sought: KnownPlace | undefined
  /**
   * Where a new backend scanner has to start so that it finds the record that `seekAgain` looks for; undefined before the first
   * record was read.
   */
  readonly resumeId: MessageId | undefined
  /**
   * Called before a new backend scanner is opened: the last record that was read has to be found before any later one.
   * Otherwise the log lost its end (`WAL_LOG_ROLLED_BACK`). Example: a reader has read messages 7, 8 and 9, and the log lost
   * all three. Other messages were stored in their places. Without this check the reader would skip all of them.
   */
  seekAgain(): void
  /** The next records are gone. `known`: the place where the log goes on; undefined when nobody knows it. */
  passGap(known: GapEdge | undefined): void
}
