import {
  corrupt,
  encodeUint64,
  type MessageIdCodec,
  parseDecimal,
  parseUint64,
  type TimeTick,
  type Writer,
} from '@wal/walimpls'

/**
 * The place behind which a log begins: the message with this time tick is the last one that was truncated. The log's own time
 * ticks name this point, since a backend may free storage later than asked, and may bring records back after a crash.
 */
export interface TruncationPoint {
  /** Serialised id from which on records are kept. */
  readonly id: string
  readonly writer: Writer
  readonly timeTick: TimeTick
}

/**
 * The later point `point`, with the id of `before` if that id is higher. The position of a message that was stored twice may
 * start at an earlier record, which may have been freed: a log that begins at id 40 must not be said to begin at id 35.
 */
export function movedTo(
  point: TruncationPoint,
  before: TruncationPoint | undefined,
  ids: MessageIdCodec,
): TruncationPoint {
  const kept = before === undefined || ids.compare(ids.parse(point.id), ids.parse(before.id)) >= 0
  return kept ? point : { ...point, id: before.id }
}

export function formatTruncationPoint(point: TruncationPoint): string {
  return `${point.id} ${point.writer.term} ${point.writer.incarnation} ${encodeUint64(point.timeTick)}`
}

/** Throws `WAL_CORRUPT` when the text is damaged. `place` says in the error where the text was read. */
export function parseTruncationPoint(text: string, place: string): TruncationPoint {
  const [id, term, incarnation, tick, ...more] = text.split(' ')
  const termNumber = parseDecimal(term ?? '')
  const timeTick = parseUint64(tick ?? '')
  if (!id || termNumber === undefined || !incarnation || timeTick === undefined || more.length > 0)
    throw corrupt(place, `the truncation point ${JSON.stringify(text.slice(0, 80))} is malformed`)
  return { id, writer: { term: termNumber, incarnation }, timeTick }
}
