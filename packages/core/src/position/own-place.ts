import type { MessageId, TimeTick } from '@wal/walimpls'

/** A record of a writer's own that was acknowledged: at it the writer was the current one. */
export interface OwnPlace {
  readonly id: MessageId
  readonly timeTick: TimeTick
}
