import {
  corrupt,
  encodeUint64,
  type MessageIdCodec,
  parseDecimal,
  parseUint64,
  type TimeTick,
  type Writer,
} from '@wal/walimpls'
import type { LogRecord } from './log-record.js'

/** A place in the log as time ticks name it: a record that counts, or from which the one that counts is found. */
export interface LogPoint {
  /** Serialised. */
  readonly id: string
  /** The current writer there. */
  readonly writer: Writer
  /** The last time tick that counts there. */
  readonly timeTick: TimeTick
}

/** The place of a record that counts. */
export function pointAt(
  { id, term, incarnation, timeTick }: Pick<LogRecord, 'id' | 'term' | 'incarnation' | 'timeTick'>,
  ids: MessageIdCodec,
): LogPoint {
  return { id: ids.serialise(id), writer: { term, incarnation }, timeTick }
}

export function formatLogPoint({ id, writer, timeTick }: LogPoint): string {
  return `${id} ${writer.term} ${writer.incarnation} ${encodeUint64(timeTick)}`
}

/** Throws `WAL_CORRUPT` for a malformed text. `name` and `where` are for the error: which point it is, and of which log. */
export function parseLogPoint(text: string, name: string, where: string): LogPoint {
  const [id, term, incarnation, tick, ...more] = text.split(' ')
  const termNumber = parseDecimal(term ?? '')
  const timeTick = parseUint64(tick ?? '')
  if (!id || termNumber === undefined || !incarnation || timeTick === undefined || more.length > 0)
    throw corrupt(where, `the ${name} ${JSON.stringify(text.slice(0, 80))} is malformed`)
  return { id, writer: { term: termNumber, incarnation }, timeTick }
}

/** The first point, unless the second lies further on. */
export function laterPoint<P extends LogPoint>(one: P | undefined, other: P | undefined): P | undefined {
  return other !== undefined && other.timeTick > (one?.timeTick ?? -1n) ? other : one
}
