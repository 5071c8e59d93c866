import type { TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { TimeTickMark } from '../api/scanner.js'
import type { LogRecord } from '../log/log-record.js'
import { type Naming, positionOf } from './delivered-message.js'

/** One for all: there is nothing in it that anybody could change. */
const NO_BYTES = new Uint8Array(0)

export class DeliveredTimeTick implements TimeTickMark {
  readonly kind = 'timeTick'
  readonly payload = NO_BYTES
  readonly timeTick: TimeTick
  readonly position: Position

  constructor(record: LogRecord, logIdentity: string, naming: Naming) {
    this.timeTick = record.timeTick
    this.position = positionOf(record, logIdentity, naming)
  }

  toJSON(): object {
    return { kind: this.kind, timeTick: String(this.timeTick), position: this.position }
  }
}
