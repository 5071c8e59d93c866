import type { MessageId, TimeTick, Writer } from '@wal/walimpls'

/** The id and time tick of a record that a writer stored and acknowledged. */
export interface OwnPlace {
  readonly id: MessageId
  readonly timeTick: TimeTick
}

/** The id and time tick of a record that was acknowledged, and the writer that stored it. */
export interface PlaceOfWriter extends OwnPlace {
  readonly writer: Writer
}

/** A place in the log of which a reader knows the current writer there, and the time tick of the last record that counts. */
export interface KnownPlace {
  readonly writer: Writer
  readonly timeTick: TimeTick
  /**
   * The id from which on a reader finds the record with that time tick. Absent if the place is not that of a record, as behind
   * a gap.
   */
  readonly id?: MessageId | undefined
}
