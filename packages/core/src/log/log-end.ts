import type { MessageId, TimeTick, Writer } from '@wal/walimpls'
import type { RecoveryPoint } from './recovery-point.js'
import type { TruncationPoint } from './truncation-point.js'

/** What the last records of a log tell about the whole log. */
export interface LogEnd {
  /** Id of the last stored record, void or not; undefined for a log without records. */
  readonly lastId: MessageId | undefined
  /** Writer and time tick of the last stored record; undefined for a log without records. */
  readonly last: { readonly writer: Writer; readonly timeTick: TimeTick } | undefined
  /** The current writer, and the time tick of the last record that counts; undefined and −1 for a log without records. */
  readonly writer: Writer | undefined
  readonly timeTick: TimeTick
  readonly logIdentity: string | undefined
  /** Serialised id of the last persisted time tick that names the log's identity; empty when there is none. */
  readonly lastTick: string
  readonly truncation: TruncationPoint | undefined
  /** The furthest recovery point that one of the time ticks names which were read; undefined for a log without records. */
  readonly recoveryPoint: RecoveryPoint | undefined
  /**
   * Set when another system wrote the log. Then `timeTick` is that of the last persisted time tick: the order of records above
   * it is not final.
   */
  readonly foreign?: true
}

export const EMPTY_LOG: LogEnd = {
  lastId: undefined,
  last: undefined,
  writer: undefined,
  timeTick: -1n,
  logIdentity: undefined,
  lastTick: '',
  truncation: undefined,
  recoveryPoint: undefined,
}
