import type { MessageId, TimeTick, Writer } from '@wal/walimpls'
import type { TruncationPoint } from './truncation-point.js'

/** What a look at the end of a log tells about the whole log. */
export interface LogEnd {
  /** Id of the last stored record, void or not; undefined for a log without records. */
  readonly lastId: MessageId | undefined
  /** Writer and time tick of that record; undefined for a log without records. */
  readonly last: { readonly writer: Writer; readonly timeTick: TimeTick } | undefined
  /** The current writer and the last time tick that counts; undefined, and −1, for a log without records. */
  readonly writer: Writer | undefined
  readonly timeTick: TimeTick
  readonly logIdentity: string | undefined
  /** Serialised id of the last persisted time tick that names the log's identity, empty when there is none. */
  readonly lastTick: string
  readonly truncation: TruncationPoint | undefined
  /** Another system wrote the log. Then `timeTick` is the last persisted one: what lies above is not settled. */
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
}
