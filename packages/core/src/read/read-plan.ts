import {
  invalidArgument,
  PositionTruncatedError,
  type StartPosition,
  type TimeTick,
  WalError,
  type Writer,
} from '@wal/walimpls'
import type { LogEnd } from '../adaptor/log-end.js'
import { type PositionParts, parsePosition } from '../position/position.js'
import type { ReadOptions } from '../scanner.js'
import type { ReadContext } from './read-context.js'

/** Where a scanner starts in the backend, what it knows there, and where it ends. */
export interface ReadPlan {
  readonly start: StartPosition
  /** Who was current at the start, and the last time tick that counted. Everything up to it is passed over. */
  readonly known: { readonly writer: Writer; readonly timeTick: TimeTick } | undefined
  /** Inclusive; undefined: tails for ever. */
  readonly until: TimeTick | undefined
  /** The record that has to be met again before any later one (G8): else the log lost its end and went on. */
  readonly resumed: { readonly writer: Writer; readonly timeTick: TimeTick } | undefined
  readonly logIdentity: string | undefined
}

const OPTION_NAMES = ['deliver', 'from', 'after', 'until', 'vchannel', 'timeTicks', 'signal']

/** Refuses what can be refused without looking at the log. */
export function checkReadOptions(options: ReadOptions): void {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('read', 'given an options object', options)
  for (const name of Object.keys(options))
    if (!OPTION_NAMES.includes(name))
      throw invalidArgument(`read option "${name}"`, `one of ${OPTION_NAMES.join(', ')}`)
  const starts = [options.deliver, options.from, options.after].filter((start) => start !== undefined)
  if (starts.length > 1) throw invalidArgument('a read', 'given at most one of deliver, from and after')
  if (options.deliver !== undefined && options.deliver !== 'all' && options.deliver !== 'latest')
    throw invalidArgument('deliver', '"all" or "latest"', options.deliver)
  if (options.vchannel !== undefined && typeof options.vchannel !== 'string')
    throw invalidArgument('vchannel', 'text', options.vchannel)
  if (options.timeTicks !== undefined && typeof options.timeTicks !== 'boolean')
    throw invalidArgument('timeTicks', 'true or false', options.timeTicks)
  if (options.signal !== undefined && typeof options.signal?.addEventListener !== 'function')
    throw invalidArgument('signal', 'an AbortSignal', options.signal)
  if (options.from !== undefined) parsePosition(options.from, 'from')
  if (options.after !== undefined) parsePosition(options.after, 'after')
  const { until } = options
  if (until !== undefined && until !== 'end' && typeof until !== 'bigint') parsePosition(until, 'until')
}

export function planRead(options: ReadOptions, end: LogEnd, context: ReadContext): ReadPlan {
  const { logIdentity } = end
  const until = untilTick(options, end, context)
  const resumeAt = options.from ?? options.after
  if (resumeAt !== undefined) {
    const parts = checkPosition(resumeAt, options.from === undefined ? 'after' : 'from', end, context)
    const { writer } = parts
    const timeTick = options.from === undefined ? parts.timeTick : parts.timeTick - 1n
    const floor = end.truncation?.timeTick ?? -1n
    if (timeTick < floor)
      throw new PositionTruncatedError(
        `${context.where}: the position lies below the truncation point. Read with deliver: 'all', or from a later position.`,
      )
    const resumed = { writer, timeTick: parts.timeTick }
    return {
      start: { from: context.ids.parse(parts.lastConfirmed) },
      known: { writer, timeTick },
      until,
      resumed,
      logIdentity,
    }
  }
  if (options.deliver === 'latest' && end.lastId !== undefined && end.writer !== undefined) {
    const known = { writer: end.writer, timeTick: end.timeTick }
    return { start: { from: end.lastId }, known, until, resumed: undefined, logIdentity }
  }
  const { truncation } = end
  if (truncation === undefined)
    return { start: 'oldest', known: undefined, until, resumed: undefined, logIdentity }
  const known = { writer: truncation.writer, timeTick: truncation.timeTick }
  return { start: { from: context.ids.parse(truncation.id) }, known, until, resumed: undefined, logIdentity }
}

/** Parses a position and refuses one of another log (`WAL_POSITION_MISMATCH`). */
export function checkPosition(text: string, what: string, end: LogEnd, context: ReadContext): PositionParts {
  const parts = parsePosition(text, what)
  if (parts.backend !== context.backend)
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} is a position of the backend "${parts.backend}", this log's is "${context.backend}"`,
    )
  if (parts.logIdentity !== end.logIdentity)
    throw new WalError(
      'WAL_POSITION_MISMATCH',
      `${context.where}: ${what} is a position of another log, or of this one before it was deleted and created again (identity ${parts.logIdentity}, this log's is ${end.logIdentity ?? 'not there: the log is empty'})`,
    )
  return parts
}

function untilTick(options: ReadOptions, end: LogEnd, context: ReadContext): TimeTick | undefined {
  const { until } = options
  if (until === undefined || typeof until === 'bigint') return until
  return until === 'end' ? end.timeTick : checkPosition(until, 'until', end, context).timeTick
}
