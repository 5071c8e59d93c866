import type { MessageId, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { GapEdge } from './read-stage.js'

/** Where a reader stands in the stored log, and which record it has to find there again. */
export interface Bookmark {
  /** Everything up to this time tick was read; -1 when nothing was. */
  readonly timeTick: TimeTick
  /** The last record that was read, or the one that reading resumed from; undefined before the first. */
  readonly last: KnownPlace | undefined
  /** Whether what follows may come from the buffer: nothing from the backend is awaited any more. */
  readonly mayTail: boolean
  /** The record that reading resumed from, until it is found; undefined when none is looked for. */
  readonly sought: KnownPlace | undefined
  /** Where a new backend scanner begins, to find the record that `seekAgain` looks for; undefined before the first one. */
  readonly resumeId: MessageId | undefined
  /**
   * A new backend scanner begins at `resumeId`, or where the reader began. The last record from there has to be found
   * before any later one. Otherwise the log lost its end (`WAL_LOG_ROLLED_BACK`): a reader that had read up to message 7, 8
   * and 9, and whose log now has another record at 9, would pass over everything that took their places.
   */
  seekAgain(): void
  /** The records that would come next are gone, up to `known` if somebody knows. */
  passGap(known: GapEdge | undefined): void
}
