import { LogRolledBackError, type MessageId, outcomeOf, type WALImpls, type Waits } from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'
import type { Appender } from '../append/appender.js'
import type { Logger } from '../diagnostics/logger.js'
import { checkWaits } from '../options/waits.js'
import type { LogEnd } from '../position/log-end.js'
import type { LogView } from '../position/log-view.js'
import type { Position } from '../position/position.js'
import { movedTo, type TruncationPoint } from '../position/truncation-point.js'
import { explainEnd } from '../read/explain-end.js'
import type { LogRecord } from '../read/log-record.js'
import { checkPosition } from '../read/plan-read.js'
import type { ReadContext } from '../read/read-context.js'
import { isSameWriter } from '../read/same-writer.js'
import type { Ticker } from '../time-tick/ticker.js'
import { readRange } from './read-range.js'

const NEVER_ABORTED = new AbortController().signal

export interface TruncationParts {
  readonly context: ReadContext
  readonly logger: Logger
  readonly ticker: Ticker
  readonly appender: Pick<Appender, 'stuck'>
  readonly log: () => WALImpls
  /** Serialised id of the last persisted time tick. */
  readonly lastTick: () => string
  /** Where the log ends, as its writer knows. */
  readonly end: () => LogEnd
}

/**
 * Lets go of everything up to and including the message at `position`. Nothing is written before that message was found: a
 * position that the log lost would make a beginning that nobody can read from.
 */
export async function truncateLog(parts: TruncationParts, position: Position, waits: Waits): Promise<void> {
  checkWaits(waits, 'truncate')
  waits.signal?.throwIfAborted()
  const { context, ticker, log } = parts
  const place = checkPosition(position, 'truncate', parts.end(), context)
  // The same point again is done again: the call before may have failed halfway.
  if (place.timeTick < (ticker.truncation?.timeTick ?? -1n)) return
  const { lastConfirmed: id, writer, timeTick, gap } = place
  // Before the log is told: a point that can't be read back would shut everybody out of it.
  context.ids.parse(id)
  const before = ticker.truncation
  const point = movedTo({ id, writer, timeTick }, before, context.ids)
  // No message lies at the near edge of a gap.
  if (!gap && timeTick !== before?.timeTick) {
    const view = { ...context, log: log() }
    const known = { id: context.ids.parse(id), writer, timeTick }
    await assertFound(view, point, parts.end(), waits.signal).catch(async (error: unknown) => {
      throw await explainEnd(error, known, context, waits.signal ?? NEVER_ABORTED)
    })
  }
  ticker.truncation = point
  const told = ticker.tick()
  try {
    await abortable(freeingWhenStuck(parts, point, told, waits), waits.signal)
  } catch (error) {
    // Not in the log, so no later time tick may say it.
    if (outcomeOf(error) === 'not-written' && ticker.truncation === point) ticker.truncation = before
    throw error
  }
  await log().truncate(context.ids.parse(point.id), waits)
}

/**
 * The log is told of its new beginning first, then the storage is freed: after a crash in between the log knows where it
 * begins. A storage without room can't take that time tick, nor what waits before it, until something is freed: then
 * freeing comes first. A crash after that leaves a log that begins above the point it names, which readers find out.
 */
async function freeingWhenStuck(
  parts: TruncationParts,
  point: TruncationPoint,
  told: Promise<unknown>,
  waits: Waits,
): Promise<void> {
  const over = new AbortController()
  const freeing = freeWhenStuck(parts, point, waits, over.signal)
  // It ends with the time tick. What else ends it is told by that tick as well.
  freeing.catch(() => {})
  try {
    await told
  } finally {
    over.abort()
  }
}

/**
 * The storage had no room for a batch twice: that batch waits for what this truncation frees. Other failures (a connection
 * that is lost, a read-only disk) free nothing early: they end without it, and a crash meanwhile would cost the log its
 * name. The last persisted time tick, which alone names the log, is kept as long as that makes enough room. Where it does
 * not, a crash before the next time tick leaves a log to which its next writer has to give another name; without going
 * further no append would ever be stored again.
 */
async function freeWhenStuck(
  { appender, log, lastTick, logger, context }: TruncationParts,
  point: TruncationPoint,
  waits: Waits,
  over: AbortSignal,
): Promise<void> {
  const { ids, where } = context
  const whole = ids.parse(point.id)
  const upToTick = ids.parse(lastTick())
  const steps = ids.compare(whole, upToTick) > 0 ? [upToTick, whole] : [whole]
  for (let again = false; steps.length > 0; again = true) {
    await appender.stuck(again, over)
    try {
      await log().truncate(steps[0] as MessageId, waits)
      steps.shift()
    } catch (err) {
      // Tried again with the next refusal; behind the time tick its failure is told to the caller.
      logger.warn({ err }, `${where}: storage could not be freed while appends wait for room`)
    }
  }
}

/** Rejects with `WAL_LOG_ROLLED_BACK` unless the log holds the message of that point. */
async function assertFound(
  view: LogView,
  { id, writer, timeTick }: TruncationPoint,
  end: LogEnd,
  signal: AbortSignal | undefined,
): Promise<void> {
  const from = view.ids.parse(id)
  let found = false
  const see = (record: LogRecord): void => {
    if (record.timeTick === timeTick && isSameWriter(record, writer)) found = true
  }
  if (end.lastId !== undefined && timeTick <= end.timeTick && view.ids.compare(from, end.lastId) <= 0)
    await readRange(view, { start: { from }, end: end.lastId, see, enough: () => found, signal })
  if (found) return
  throw new LogRolledBackError(
    `${view.where}: the position given to truncate names a message that is not in the log (time tick ${timeTick} of term ${writer.term}). The log lost its end after that message was acknowledged, in a failover or because an older copy of it was restored. Nothing was truncated.`,
    { known: id },
  )
}
