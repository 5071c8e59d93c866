import type { MessageId, TimeTick, Writer } from '@wal/walimpls'

/** A record that a writer stored and acknowledged: there it was the current writer. */
export interface OwnPlace {
  readonly id: MessageId
  readonly timeTick: TimeTick
}

/** A record that its writer acknowledged, and which writer that was. */
export interface PlaceOfWriter extends OwnPlace {
  readonly writer: Writer
}

/** What is known at a place in the log: the current writer, and the last time tick that counts. */
export interface KnownPlace {
  readonly writer: Writer
  readonly timeTick: TimeTick
  /**
   * From this id on a reader finds the record with that time tick. Absent where the place is not a record's, as at a gap.
   */
  readonly id?: MessageId | undefined
}
