import type { MessageId, TimeTick, Writer } from '@wal/walimpls'

/** A record of a writer's own that was acknowledged: at it the writer was the current one. */
export interface OwnPlace {
  readonly id: MessageId
  readonly timeTick: TimeTick
}

/** The same, with the writer. */
export interface PlaceOfWriter extends OwnPlace {
  readonly writer: Writer
}

/** Who was current at a place in the log, and the last time tick there. */
export interface KnownPlace {
  readonly writer: Writer
  readonly timeTick: TimeTick
  /** Where a reader finds the record of that time tick, or one before it; absent when no record is meant. */
  readonly id?: MessageId | undefined
}
