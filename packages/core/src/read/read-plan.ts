import { PositionTruncatedError, type StartPosition, type TimeTick, WalError } from '@wal/walimpls'
import type { LogEnd } from '../adaptor/log-end.js'
import { type PositionParts, parsePosition } from '../position/position.js'
import type { TruncationPoint } from '../position/truncation-point.js'
import type { ReadOptions } from '../scanner.js'
import type { ForeignStart } from './foreign-order.js'
import { planForeignRead } from './foreign-plan.js'
import type { KnownPlace } from './log-order.js'
import { type MissingRecords, missingUpTo } from './missing-records.js'
import type { ReadContext } from './read-context.js'

/** Where a scanner starts in the backend, what it knows there, and where it ends. */
export interface ReadPlan {
  readonly start: StartPosition
  /** Who was current at the start, and the last time tick that counted. Everything up to it is passed over. */
  readonly known: KnownPlace | undefined
  /** Inclusive; undefined: tails for ever. */
  readonly until: TimeTick | undefined
  /** The record that has to be met again before any later one (G8): else the log lost its end and went on. */
  readonly resumed: KnownPlace | undefined
  readonly logIdentity: string | undefined
  /** What is to be told before anything else. */
  readonly missing?: MissingRecords
  /** Of a log that another system wrote: instead of `known` and `resumed`. */
  readonly foreign?: ForeignStart
}

export function planRead(options: ReadOptions, end: LogEnd, context: ReadContext): ReadPlan {
  const { logIdentity } = end
  const until = untilTick(options, end, context)
  const place = startPlace(options, end, context)
  if (end.foreign || place?.logIdentity === '') return planForeignRead(options, place, until, end, context)
  const plan = { until, logIdentity, known: undefined, resumed: undefined }
  const { truncation } = end
  if (place !== undefined) {
    const timeTick = options.from === undefined || place.gap ? place.timeTick : place.timeTick - 1n
    if (truncation !== undefined && timeTick < truncation.timeTick) {
      if (options.gaps !== 'deliver')
        throw new PositionTruncatedError(
          `${context.where}: the position lies below the truncation point. Read with deliver: 'all' or gaps: 'deliver', or from a later position.`,
        )
      return { ...plan, ...behind(truncation, context), missing: missingUpTo(truncation, timeTick) }
    }
    const { writer } = place
    return {
      ...plan,
      start: { from: context.ids.parse(place.lastConfirmed) },
      known: { writer, timeTick },
      resumed: place.gap ? undefined : { writer, timeTick: place.timeTick },
    }
  }
  if (options.deliver === 'latest' && end.lastId !== undefined && end.writer !== undefined) {
    const known = { writer: end.writer, timeTick: end.timeTick }
    return { ...plan, start: { from: end.lastId }, known }
  }
  return truncation === undefined ? { ...plan, start: 'oldest' } : { ...plan, ...behind(truncation, context) }
}

function behind({ id, writer, timeTick }: TruncationPoint, { ids }: ReadContext) {
  return { start: { from: ids.parse(id) }, known: { writer, timeTick } }
}

function startPlace(options: ReadOptions, end: LogEnd, context: ReadContext): PositionParts | undefined {
  if (options.from !== undefined) return checkPosition(options.from, 'from', end, context)
  if (options.after !== undefined) return checkPosition(options.after, 'after', end, context)
  return undefined
}

/** Parses a position and refuses one of another log (`WAL_POSITION_MISMATCH`). */
export function checkPosition(text: string, what: string, end: LogEnd, context: ReadContext): PositionParts {
  const parts = parsePosition(text, what)
  if (parts.backend !== context.backend)
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} is a position of the backend "${parts.backend}", this log's is "${context.backend}"`,
    )
  if (parts.logIdentity !== (end.logIdentity ?? ''))
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} is a position of another log, or of this one before it was deleted and created again (identity ${parts.logIdentity || "none: another system's log"}, this log's is ${end.logIdentity ?? (end.foreign ? 'none: another system wrote it' : 'not there: the log is empty')})`,
    )
  return parts
}

function untilTick(options: ReadOptions, end: LogEnd, context: ReadContext): TimeTick | undefined {
  const { until } = options
  if (until === undefined || typeof until === 'bigint') return until
  return until === 'end' ? end.timeTick : checkPosition(until, 'until', end, context).timeTick
}
