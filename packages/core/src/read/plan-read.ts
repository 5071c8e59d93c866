import {
  type MessageIdCodec,
  PositionTruncatedError,
  type StartPosition,
  type TimeTick,
  WalError,
} from '@wal/walimpls'
import type { ReadOptions } from '../api/scanner.js'
import type { KnownPlace } from '../log/known-place.js'
import type { LogEnd } from '../log/log-end.js'
import { type PositionParts, parsePosition } from '../log/position.js'
import type { TruncationPoint } from '../log/truncation-point.js'
import { missingUpTo } from './missing-records.js'
import { planForeignRead } from './plan-foreign-read.js'
import type { ReadContext } from './read-context.js'
import type { OwnPlan, ReadPlan } from './read-plan.js'

export function planRead(options: ReadOptions, end: LogEnd, context: ReadContext): ReadPlan {
  const { ids } = context
  const log = { ...context, end }
  const until = untilTick(options, log)
  const place = startPlace(options, log)
  if (end.foreign || place?.logIdentity === '')
    return planForeignRead(options, { place, until }, { end, ids })
  const range = { until, logIdentity: end.logIdentity }
  if (place !== undefined) return { ...range, ...planFrom(place, options, log) }
  if (options.deliver === 'latest' && end.lastId !== undefined && end.writer !== undefined)
    return {
      ...range,
      kind: 'own',
      start: { from: end.lastId },
      known: { writer: end.writer, timeTick: end.timeTick },
      resumed: end.last && { ...end.last, id: end.lastId },
    }
  const { start, known } = beginningOf(end, ids)
  if (known === undefined) return { ...range, kind: 'undecided', start }
  return { ...range, kind: 'own', start, known, resumed: undefined, atBeginning: true }
}

/**
 * Where a reader of the whole log starts. `known`: who was the current writer there; undefined in a log that was never
 * truncated.
 */
export function beginningOf(
  { truncation }: LogEnd,
  ids: MessageIdCodec,
): { readonly start: StartPosition; readonly known: KnownPlace | undefined } {
  return truncation === undefined ? { start: 'oldest', known: undefined } : behind(truncation, ids)
}

function behind({ id, writer, timeTick }: TruncationPoint, ids: MessageIdCodec) {
  return { start: { from: ids.parse(id) }, known: { writer, timeTick } }
}

/**
 * Where a scanner starts that was given a position in a log of this library. `from` and `after` start at the same record. They
 * differ in the lowest time tick that is delivered: for the position of a message with time tick 8, `from` delivers above 7,
 * and `after` above 8.
 */
function planFrom(
  place: PositionParts,
  { from, gaps }: ReadOptions,
  { end, ids, where }: OpenLog & Pick<ReadContext, 'ids'>,
): Pick<OwnPlan, 'kind' | 'start' | 'known' | 'resumed' | 'missing'> {
  const { writer, gap } = place
  const { truncation } = end
  const timeTick = from === undefined || gap ? place.timeTick : place.timeTick - 1n
  if (truncation !== undefined && timeTick < truncation.timeTick) {
    if (gaps !== 'deliver')
      throw new PositionTruncatedError(
        `${where}: the position lies below the truncation point. Read with deliver: 'all' or gaps: 'deliver', or from a later position.`,
      )
    const missing = missingUpTo(truncation, timeTick)
    return { kind: 'own', ...behind(truncation, ids), resumed: undefined, missing }
  }
  const id = ids.parse(place.lastConfirmed)
  const resumed = gap ? undefined : { writer, timeTick: place.timeTick, id }
  return { kind: 'own', start: { from: id }, known: { writer, timeTick }, resumed }
}

function startPlace({ from, after }: ReadOptions, log: OpenLog): PositionParts | undefined {
  if (from !== undefined) return checkPosition(from, 'the position given as "from"', log)
  if (after !== undefined) return checkPosition(after, 'the position given as "after"', log)
  return undefined
}

/** What it takes to decide whether a position belongs to a log. */
interface OpenLog {
  readonly where: string
  readonly backend: string
  readonly end: LogEnd
}

/** Parses a position, and throws `WAL_POSITION_MISMATCH` when it is of another log. */
export function checkPosition(text: string, what: string, log: OpenLog): PositionParts {
  const parts = parsePosition(text, what)
  refuseOtherLog(parts, `${what} is one`, log)
  return parts
}

/**
 * Throws `WAL_POSITION_MISMATCH` when a place is in another log. `what` begins the error's sentence, for example "the token is
 * one".
 */
export function refuseOtherLog(
  place: Pick<PositionParts, 'backend' | 'logIdentity'>,
  what: string,
  log: OpenLog,
): void {
  const { where, end } = log
  const { backend, logIdentity } = place
  if (backend !== log.backend)
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${where}: ${what} of the backend "${backend}", this log's is "${log.backend}"`,
    )
  if (logIdentity !== (end.logIdentity ?? ''))
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${where}: ${what} of another log, or of this one before it was deleted and created again (identity ${logIdentity || "none: another system's log"}, this log's is ${end.logIdentity ?? (end.foreign ? 'none: another system wrote it' : 'not there: the log is empty')})`,
    )
}

function untilTick({ until }: ReadOptions, log: OpenLog): TimeTick | undefined {
  if (until === undefined || typeof until === 'bigint') return until
  return until === 'end'
    ? log.end.timeTick
    : checkPosition(until, 'the position given as "until"', log).timeTick
}
