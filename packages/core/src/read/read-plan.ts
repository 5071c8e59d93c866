import type { StartPosition, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../log/known-place.js'
import type { MissingRecords } from './missing-records.js'
import type { ForeignStart } from './order/foreign-order.js'

/** Where a scanner starts in the backend, what it knows there, and where it ends. */
export interface ReadPlan {
  readonly start: StartPosition
  /** Who was current at the start, and the last time tick that counted. Everything up to it is passed over. */
  readonly known: KnownPlace | undefined
  /** Inclusive; undefined: tails forever. */
  readonly until: TimeTick | undefined
  /** The record that has to be found again before any later one (G8): else the log lost its end and went on. */
  readonly resumed: KnownPlace | undefined
  readonly logIdentity: string | undefined
  /** It starts at the log's beginning, wherever the backend has that by now. */
  readonly atBeginning?: true
  /** What is to be told before anything else. */
  readonly missing?: MissingRecords
  /** Of a log that another system wrote: instead of `known` and `resumed`. */
  readonly foreign?: ForeignStart
}
