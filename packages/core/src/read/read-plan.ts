import type { StartPosition, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../log/known-place.js'
import type { MissingRecords } from './missing-records.js'
import type { ForeignStart } from './stage/foreign-bookmark.js'

/** Where a scanner starts in the backend, what it knows there, and where it ends. */
export type ReadPlan = OwnPlan | ForeignPlan | UndecidedPlan

interface PlannedRange {
  readonly start: StartPosition
  /** Inclusive; undefined: tails forever. */
  readonly until: TimeTick | undefined
  readonly logIdentity: string | undefined
}

/** In a log that this library wrote, from a place of which the reader knows something. */
export interface OwnPlan extends PlannedRange {
  readonly kind: 'own'
  /** Who is the current writer at the start, and a time tick: units up to that one are not delivered. */
  readonly known: KnownPlace
  /** The record that has to be found again before any later one (G8). Otherwise the log lost its end and went on. */
  readonly resumed: KnownPlace | undefined
  /** The start is the log's beginning as the log itself names it; what the backend has by now may begin above. */
  readonly atBeginning?: true
  /** What is to be told before anything else. */
  readonly missing?: MissingRecords
}

/** In a log that another system wrote. */
export interface ForeignPlan extends PlannedRange {
  readonly kind: 'foreign'
  readonly foreign: ForeignStart
}

/** From the first record that is kept. That record says who wrote the log. */
export interface UndecidedPlan extends PlannedRange {
  readonly kind: 'undecided'
}
