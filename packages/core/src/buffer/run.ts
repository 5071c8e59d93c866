import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'

/** Consecutive records of the log, as the buffer keeps them. */
export interface Run {
  /** How much memory it takes. */
  readonly bytes: number
  readonly firstTimeTick: TimeTick
  readonly lastTimeTick: TimeTick
  /** The records, when they are kept; undefined when `decode` has to make them. */
  readonly records?: readonly LogRecord[]
  /** Makes the records. `bytes` does not count them. */
  decode(): readonly LogRecord[]
}

/** Consecutive records of the log that all readers at its end share. */
export interface TailRun {
  readonly records: readonly LogRecord[]
  /** How much memory stays in use as long as one of the records is kept. */
  readonly bytes: number
}
