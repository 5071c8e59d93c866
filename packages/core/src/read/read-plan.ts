import type { StartPosition, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../log/known-place.js'
import type { MissingRecords } from './missing-records.js'
import type { ForeignStart } from './stage/foreign-bookmark.js'

/** Where a scanner starts, what it knows about the log there, and where it ends. */
export type ReadPlan = OwnPlan | ForeignPlan | UndecidedPlan

interface PlannedRange {
  readonly start: StartPosition
  /** The last time tick that is delivered; undefined for a scanner that never ends by itself. */
  readonly until: TimeTick | undefined
  readonly logIdentity: string | undefined
}

/** The plan for a log that this library wrote, when the reader knows who was the current writer at the start. */
export interface OwnPlan extends PlannedRange {
  readonly kind: 'own'
  /** Who is the current writer at the start, and a time tick: nothing up to this time tick is delivered. */
  readonly known: KnownPlace
  /**
   * The record that the reader has to find again before any later record (G8). If the reader does not find it, the log lost its
   * end.
   */
  readonly resumed: KnownPlace | undefined
  /** The scanner starts at the truncation point that the log names. What the backend still keeps may begin above that point. */
  readonly atBeginning?: true
  /** The gap that is delivered before anything else. */
  readonly missing?: MissingRecords
}

/** The plan for a log that another system wrote. */
export interface ForeignPlan extends PlannedRange {
  readonly kind: 'foreign'
  readonly foreign: ForeignStart
}

/** The plan for reading from the oldest record on, when only that record will show which system wrote the log. */
export interface UndecidedPlan extends PlannedRange {
  readonly kind: 'undecided'
}
