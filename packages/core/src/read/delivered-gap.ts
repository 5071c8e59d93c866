import type { TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { Gap } from '../api/scanner.js'
import { formatPosition } from '../log/position.js'
import type { Naming } from './delivered-message.js'
import type { MissingRecords } from './missing-records.js'

export class DeliveredGap implements Gap {
  readonly kind = 'gap'
  readonly reason: Gap['reason']
  readonly after: TimeTick | undefined
  readonly before: TimeTick
  readonly position: Position

  constructor(missing: MissingRecords, logIdentity: string, { backend }: Naming) {
    this.reason = missing.reason
    this.after = missing.after
    this.before = missing.before
    this.position = formatPosition({ backend, logIdentity, ...missing.resumeAt })
  }

  toJSON(): object {
    const { kind, reason, after, before, position } = this
    return {
      kind,
      reason,
      after: after === undefined ? null : String(after),
      before: String(before),
      position,
    }
  }
}
