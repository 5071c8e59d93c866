import {
  encodeUint64,
  invalidArgument,
  parseDecimal,
  parseUint64,
  type TimeTick,
  WalError,
  type Writer,
} from '@wal/walimpls'
import type { Position } from '../api/position.js'

/** The fields of a position. */
export interface PositionParts {
  readonly backend: string
  /**
   * Random text that the log's first writer made, so that another log, or one that was deleted and created again, has another
   * text. Empty for a log that another system wrote.
   */
  readonly logIdentity: string
  /** Serialised id from which on every record with a greater time tick is stored. */
  readonly lastConfirmed: string
  /**
   * The writer of the delivered message. In another system's log it has no incarnation, and its term is the one that was
   * current at `lastConfirmed`, −1 when unknown.
   */
  readonly writer: Writer
  /** Time tick of the delivered message. */
  readonly timeTick: TimeTick
  /** Serialised id of the delivered message. Only for another system's log, in which several records may have one time tick. */
  readonly ownId?: string
  /**
   * The position lies behind a gap and names no record: the records before `lastConfirmed` are gone, and reading goes on there.
   */
  readonly gap?: true
}

const FORMAT = 'wal1'
const INCARNATION = /^[a-z0-9]{1,32}$/
/** Written for a field that another system's log does not have. */
const NONE = '-'
/**
 * Written in place of the message's own id in a position behind a gap. An encoded id holds no `+`, so it cannot be taken for
 * one.
 */
const GAP = '+'

/**
 * The text of a position: `wal1:backend:identity:id:term:incarnation:timeTick`. The id is the backend's, percent-encoded. In
 * another system's log an eighth field follows, the message's own id; behind a gap the eighth field is `+`. Another system's
 * log has `-` for identity and incarnation, and for a term that is unknown.
 */
export function formatPosition(parts: PositionParts): Position {
  const { backend, logIdentity, lastConfirmed, writer, timeTick, ownId, gap } = parts
  const own = gap ? `:${GAP}` : ownId === undefined ? '' : `:${encodeURIComponent(ownId)}`
  const term = writer.term < 0 ? NONE : writer.term
  return `${FORMAT}:${backend}:${logIdentity || NONE}:${encodeURIComponent(lastConfirmed)}:${term}:${writer.incarnation || NONE}:${encodeUint64(timeTick)}${own}`
}

/** Throws `WAL_INVALID_ARGUMENT` for a text that is not a position, and `WAL_SPEC_UNSUPPORTED` for a later format. */
export function parsePosition(text: unknown, what = 'The position'): PositionParts {
  if (typeof text !== 'string')
    throw invalidArgument(
      `${capitalised(what)} is no position. A position is a text that append or read gave`,
      text,
    )
  const fields = text.split(':')
  const [format, backend, identity, id, termText, incarnationText, tickText, own] = fields
  if (format !== FORMAT) {
    if (/^wal[0-9]+$/.test(format ?? ''))
      throw new WalError(
        'WAL_SPEC_UNSUPPORTED',
        `${capitalised(what)} has the format "${format}", and this version of @wal/core reads "${FORMAT}". Use a later version.`,
      )
    throw invalidArgument(
      `${capitalised(what)} is no position. A position is a text that append or read gave`,
      text,
    )
  }
  const foreign = identity === NONE
  const term = foreign && termText === NONE ? -1 : parseDecimal(termText ?? '')
  const timeTick = parseUint64(tickText ?? '')
  const lastConfirmed = decoded(id ?? '')
  const gap = own === GAP
  const ownId = own === undefined || gap ? undefined : decoded(own)
  if (
    !backend ||
    !identity ||
    !lastConfirmed ||
    term === undefined ||
    timeTick === undefined ||
    !(foreign ? incarnationText === NONE : INCARNATION.test(incarnationText ?? '')) ||
    // A position in another system's log has the message's own id, one in a log of this library has none. Either may lie behind
    // a gap.
    !(gap || (foreign ? !!ownId : own === undefined)) ||
    fields.length > 8
  )
    throw invalidArgument(
      `${capitalised(what)} is only a part of a position, which is a text that append or read gave`,
      text,
    )
  return {
    backend,
    logIdentity: foreign ? '' : identity,
    lastConfirmed,
    writer: { term, incarnation: foreign ? '' : (incarnationText as string) },
    timeTick,
    ...(gap ? { gap } : {}),
    ...(ownId === undefined ? {} : { ownId }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
