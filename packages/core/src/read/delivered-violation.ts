import type { TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { Message, OrderViolation } from '../api/scanner.js'
import type { LogRecord } from '../log/log-record.js'
import { formatPosition } from '../log/position.js'
import { DeliveredMessage, type Naming } from './delivered-message.js'
import type { LatePlace } from './stage/read-stage.js'

export class DeliveredViolation implements OrderViolation {
  readonly kind = 'orderViolation'
  readonly message: Message
  readonly delivered: TimeTick
  readonly position: Position

  constructor(record: LogRecord, { settled, settledFrom, startTerm }: LatePlace, naming: Naming) {
    this.message = new DeliveredMessage(record, false, { ...naming, logIdentity: '' })
    this.delivered = settled
    this.position = formatPosition({
      backend: naming.backend,
      logIdentity: '',
      lastConfirmed: settledFrom,
      writer: { term: startTerm, incarnation: '' },
      timeTick: settled,
      ownId: naming.ids.serialise(record.id),
    })
  }

  toJSON(): object {
    const { kind, message, delivered, position } = this
    return { kind, message: message.toJSON(), delivered: String(delivered), position }
  }
}
