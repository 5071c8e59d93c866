import {
  encodeUint64,
  invalidArgument,
  parseDecimal,
  parseUint64,
  type TimeTick,
  WalError,
  type Writer,
} from '@wal/walimpls'

/** One opaque text: where a message lies, in which log. Store it, send it, compare it for equality only. */
export type Position = string

/** What a position says. */
export interface PositionParts {
  readonly backend: string
  /** Random text made with the log's first opening record: another log, or a re-created one, has another. */
  readonly logIdentity: string
  /** Serialised id to start reading at, to meet everything with a greater time tick. */
  readonly lastConfirmed: string
  readonly writer: Writer
  /** Of the delivered unit. */
  readonly timeTick: TimeTick
}

const FORMAT = 'wal1'
const INCARNATION = /^[a-z0-9]{1,32}$/

/** `wal1:backend:identity:id:term:incarnation:timeTick`; the id is the backend's and percent-encoded. */
export function formatPosition(parts: PositionParts): Position {
  const { backend, logIdentity, lastConfirmed, writer, timeTick } = parts
  return `${FORMAT}:${backend}:${logIdentity}:${encodeURIComponent(lastConfirmed)}:${writer.term}:${writer.incarnation}:${encodeUint64(timeTick)}`
}

/** Throws `WAL_INVALID_ARGUMENT` for what is no position, `WAL_SPEC_UNSUPPORTED` for a later format. */
export function parsePosition(text: unknown, what = 'position'): PositionParts {
  if (typeof text !== 'string')
    throw invalidArgument(what, 'a position (text, as read and append give it)', text)
  const fields = text.split(':')
  const [format, backend, logIdentity, id, termText, incarnation, tickText] = fields
  if (format !== FORMAT) {
    if (/^wal[0-9]+$/.test(format ?? ''))
      throw new WalError(
        'WAL_SPEC_UNSUPPORTED',
        `${what}: a position of format "${format}", this version reads "${FORMAT}"`,
      )
    throw invalidArgument(what, 'a position (text, as read and append give it)', text)
  }
  const term = parseDecimal(termText ?? '')
  const timeTick = parseUint64(tickText ?? '')
  const lastConfirmed = decoded(id ?? '')
  if (
    fields.length !== 7 ||
    !backend ||
    !logIdentity ||
    !lastConfirmed ||
    term === undefined ||
    timeTick === undefined ||
    !INCARNATION.test(incarnation ?? '')
  )
    throw invalidArgument(what, 'a whole position (text, as read and append give it)', text)
  return { backend, logIdentity, lastConfirmed, writer: { term, incarnation: incarnation ?? '' }, timeTick }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
