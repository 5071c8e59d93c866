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

/** What a position says. */
export interface PositionParts {
  readonly backend: string
  /**
   * Random text made with the log's first opening record: another log, or a re-created one, has another. Empty for a log
   * that another system wrote: such logs have none.
   */
  readonly logIdentity: string
  /** Serialised id from which a reader gets everything with a greater time tick. */
  readonly lastConfirmed: string
  /**
   * Who wrote the unit. In a log that another system wrote: no incarnation, and the term that was current at
   * `lastConfirmed`, −1 if unknown.
   */
  readonly writer: Writer
  /** Time tick of the delivered unit. */
  readonly timeTick: TimeTick
  /** Serialised id of the delivered unit, only in logs that another system wrote: there, units may share a time tick. */
  readonly ownId?: string
  /** The place is no record's: the records before `lastConfirmed` are gone, and reading goes on there. */
  readonly gap?: true
}

const FORMAT = 'wal1'
const INCARNATION = /^[a-z0-9]{1,32}$/
/** Stands for what another system's log does not have. */
const NONE = '-'
/** Stands in place of an own id, behind a gap. `encodeURIComponent` leaves no `+` in an id, so the two can't be confused. */
const GAP = '+'

/**
 * `wal1:backend:identity:id:term:incarnation:timeTick`; the id is the backend's and percent-encoded. An eighth field
 * follows in a log that another system wrote, the unit's own id, and behind a gap, `+`. Another system's log has `-` for
 * identity and incarnation, and for a term that is not known.
 */
export function formatPosition(parts: PositionParts): Position {
  const { backend, logIdentity, lastConfirmed, writer, timeTick, ownId, gap } = parts
  const own = gap ? `:${GAP}` : ownId === undefined ? '' : `:${encodeURIComponent(ownId)}`
  const term = writer.term < 0 ? NONE : writer.term
  return `${FORMAT}:${backend}:${logIdentity || NONE}:${encodeURIComponent(lastConfirmed)}:${term}:${writer.incarnation || NONE}:${encodeUint64(timeTick)}${own}`
}

/** Throws `WAL_INVALID_ARGUMENT` for what is no position, `WAL_SPEC_UNSUPPORTED` for a later format. */
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
    // A unit of another system's log has an own id, a unit of ours has none. A gap occurs in both.
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
