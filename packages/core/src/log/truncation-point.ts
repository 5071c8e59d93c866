import { type MessageIdCodec, type PropertyList, propertyOf, RESERVED } from '@wal/walimpls'
import { type LogPoint, parseLogPoint } from './log-point.js'

/**
 * The place behind which a log begins: the message with this time tick is the last one that was truncated. From the id on
 * records are kept. The log's own time ticks name this point, since a backend may free storage later than asked, and may bring
 * records back after a crash.
 */
export type TruncationPoint = LogPoint

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

/** The point that a time tick names. `WAL_CORRUPT` when it is malformed; `where`: of which log. */
export function truncationIn(properties: PropertyList, where: string): TruncationPoint | undefined {
  const text = propertyOf(properties, RESERVED.truncationPoint)
  return text === undefined ? undefined : parseLogPoint(text, 'truncation point', where)
}
