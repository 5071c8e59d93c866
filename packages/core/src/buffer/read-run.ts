import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'
import type { Run } from './run.js'

/**
 * Records that a backend gave, at least one. They are kept decoded: their bytes, of which they are views, are kept anyway.
 */
export class ReadRun implements Run {
  constructor(
    readonly records: readonly LogRecord[],
    readonly bytes: number,
  ) {}

  get firstTimeTick(): TimeTick {
    return (this.records[0] as LogRecord).timeTick
  }

  get lastTimeTick(): TimeTick {
    return (this.records[this.records.length - 1] as LogRecord).timeTick
  }

  decode(): readonly LogRecord[] {
    return this.records
  }
}
