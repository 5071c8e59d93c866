import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'

/** Records that follow each other in the log, as a buffer keeps them. */
export interface Run {
  /** What it keeps in memory. */
  readonly bytes: number
  readonly firstTimeTick: TimeTick
  readonly lastTimeTick: TimeTick
  /** The records, where they are kept. */
  readonly records?: readonly LogRecord[]
  /** Makes the records, which `bytes` does not count. */
  decode(): readonly LogRecord[]
}

/** What readers at the end of the log share: records that follow each other in it. */
export interface TailRun {
  readonly records: readonly LogRecord[]
  /** What keeping one of them keeps. */
  readonly bytes: number
}
