import { PositionTruncatedError, type TimeTick, WalError } from '@wal/walimpls'
import type { ReadOptions } from '../api/scanner.js'
import type { LogEnd } from '../log/log-end.js'
import { type PositionParts, parsePosition } from '../log/position.js'
import type { TruncationPoint } from '../log/truncation-point.js'
import { missingUpTo } from './missing-records.js'
import { planForeignRead } from './plan-foreign-read.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'

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
    const start = context.ids.parse(place.lastConfirmed)
    return {
      ...plan,
      start: { from: start },
      known: { writer, timeTick },
      resumed: place.gap ? undefined : { writer, timeTick: place.timeTick, id: start },
    }
  }
  if (options.deliver === 'latest' && end.lastId !== undefined && end.writer !== undefined) {
    const known = { writer: end.writer, timeTick: end.timeTick }
    return {
      ...plan,
      start: { from: end.lastId },
      known,
      resumed: end.last && { ...end.last, id: end.lastId },
    }
  }
  if (truncation === undefined) return { ...plan, start: 'oldest' }
  return { ...plan, ...behind(truncation, context), atBeginning: true }
}

function behind({ id, writer, timeTick }: TruncationPoint, { ids }: ReadContext) {
  return { start: { from: ids.parse(id) }, known: { writer, timeTick } }
}

function startPlace(options: ReadOptions, end: LogEnd, context: ReadContext): PositionParts | undefined {
  if (options.from !== undefined)
    return checkPosition(options.from, 'the position given as "from"', end, context)
  if (options.after !== undefined)
    return checkPosition(options.after, 'the position given as "after"', end, context)
  return undefined
}

/** Parses a position and refuses one of another log (`WAL_POSITION_MISMATCH`). */
export function checkPosition(
  text: string,
  what: string,
  end: LogEnd,
  context: Pick<ReadContext, 'backend' | 'where'>,
): PositionParts {
  const parts = parsePosition(text, what)
  refuseOtherLog(parts, `${what} is one`, end, context)
  return parts
}

/** Throws `WAL_POSITION_MISMATCH` when a place is not in this log. `what` begins the sentence: "the token is one". */
export function refuseOtherLog(
  { backend, logIdentity }: Pick<PositionParts, 'backend' | 'logIdentity'>,
  what: string,
  end: LogEnd,
  context: Pick<ReadContext, 'backend' | 'where'>,
): void {
  if (backend !== context.backend)
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} of the backend "${backend}", this log's is "${context.backend}"`,
    )
  if (logIdentity !== (end.logIdentity ?? ''))
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} of another log, or of this one before it was deleted and created again (identity ${logIdentity || "none: another system's log"}, this log's is ${end.logIdentity ?? (end.foreign ? 'none: another system wrote it' : 'not there: the log is empty')})`,
    )
}

function untilTick(options: ReadOptions, end: LogEnd, context: ReadContext): TimeTick | undefined {
  const { until } = options
  if (until === undefined || typeof until === 'bigint') return until
  return until === 'end'
    ? end.timeTick
    : checkPosition(until, 'the position given as "until"', end, context).timeTick
}
