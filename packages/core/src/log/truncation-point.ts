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
 * Where the log begins: behind the message with this time tick. The log's own time ticks name the point, since a backend may
 * free storage later than asked, and may bring records back after a crash.
 */
export interface TruncationPoint {
  /** Serialised id from which records are still kept. */
  readonly id: string
  readonly writer: Writer
  readonly timeTick: TimeTick
}

/**
 * The later point, with the id that lies further on. A message that was sent twice has a position at a record before its own,
 * and that record may be freed: a log that begins at id 40 must not be told to begin at id 35.
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

/** Throws `WAL_CORRUPT` for a malformed text. `place`: where that text was read, for the error. */
export function parseTruncationPoint(text: string, place: string): TruncationPoint {
  const [id, term, incarnation, tick, ...more] = text.split(' ')
  const termNumber = parseDecimal(term ?? '')
  const timeTick = parseUint64(tick ?? '')
  if (!id || termNumber === undefined || !incarnation || timeTick === undefined || more.length > 0)
    throw corrupt(place, `the truncation point ${JSON.stringify(text.slice(0, 80))} is malformed`)
  return { id, writer: { term: termNumber, incarnation }, timeTick }
}
