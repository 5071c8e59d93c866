import {
  corrupt,
  encodeUint64,
  type MessageIdCodec,
  parseDecimal,
  parseUint64,
  type TimeTick,
  type Writer,
} from '@wal/walimpls'

/** Where the log begins: behind this message. Kept in the log itself, since backends free later than asked, or bring back. */
export interface TruncationPoint {
  /** Serialised id from which records are still kept. */
  readonly id: string
  readonly writer: Writer
  readonly timeTick: TimeTick
}

/** A point further on than `before`. What was sent twice names an id before its own, which may be freed by then. */
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

/** Throws `WAL_CORRUPT`, naming `place`. */
export function parseTruncationPoint(text: string, place: string): TruncationPoint {
  const [id, term, incarnation, tick, ...more] = text.split(' ')
  const termNumber = parseDecimal(term ?? '')
  const timeTick = parseUint64(tick ?? '')
  if (!id || termNumber === undefined || !incarnation || timeTick === undefined || more.length > 0)
    throw corrupt(place, `the truncation point ${JSON.stringify(text.slice(0, 80))} is malformed`)
  return { id, writer: { term: termNumber, incarnation }, timeTick }
}
