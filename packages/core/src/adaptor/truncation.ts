import {
  AppendError,
  type MessageId,
  outcomeOf,
  type WALImpls,
  type Waits,
  type WalError,
} from '@wal/walimpls'
import { abortable, onAbort } from '@wal/walimpls/helper'
import type { Logger } from '../api/logger.js'
import type { Position } from '../api/position.js'
import { endedError } from '../append/append-error.js'
import type { Appender } from '../append/appender.js'
import type { Ticker } from '../append/ticker.js'
import type { LogEnd } from '../log/log-end.js'
import type { PositionParts } from '../log/position.js'
import { isSameWriter } from '../log/same-writer.js'
import { movedTo, type TruncationPoint } from '../log/truncation-point.js'
import { checkWaits } from '../options/waits.js'
import { explainEnd } from '../read/explain-end.js'
import { beginningOf, checkPosition } from '../read/plan-read.js'
import type { ReadContext } from '../read/read-context.js'
import { findTruncationPlace } from './truncation-place.js'

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
  /** Aborts with what ends the writer. */
  readonly ended: AbortSignal
}

/** One call of `truncate`, once the point is known from which the log shall begin. */
interface TruncationUnderWay extends TruncationParts {
  readonly point: TruncationPoint
  readonly waits: Waits
}

/**
 * Lets go of everything up to and including the message at `position`, or up to the gap there. Nothing is written before
 * the log was found to hold what the position names: a position that the log lost would make a beginning that nobody can
 * read from, or pass over records that were acknowledged since.
 */
export async function truncateLog(parts: TruncationParts, position: Position, waits: Waits): Promise<void> {
  checkWaits(waits, 'truncate')
  waits.signal?.throwIfAborted()
  const { context, ticker, log } = parts
  const { beginning } = ticker
  const place = checkPosition(position, 'the position given to truncate', { ...context, end: parts.end() })
  // The same point again is done again: the call before may have failed halfway.
  if (place.timeTick < (beginning.stored?.timeTick ?? -1n)) return
  // Before the log is told: a point that can't be read back would shut everybody out of it.
  context.ids.parse(place.lastConfirmed)
  const point = beginsAlready(place, beginning.irrevocable, context) ?? (await findPlace(parts, place, waits))
  const told = ticker.tick(point)
  try {
    await abortable(freeingWhenStuck({ ...parts, point, waits }, told), waits.signal)
  } catch (error) {
    // No time tick with the point may be stored, and nothing is freed: the truncation left no trace.
    if (outcomeOf(error) !== 'not-written' || !beginning.mayBeginAt(point)) throw error
    beginning.makeIrrevocable(point)
    throw notTakenBack(error as WalError, context)
  }
  await log().truncate(context.ids.parse(point.id), waits)
}

/**
 * The point, where the log begins there or further on as it is, or may: what the position names may be freed. Undefined
 * when it has to be found. A gap's near edge at the same time tick may lie further on.
 */
function beginsAlready(
  { lastConfirmed: id, writer, timeTick, gap }: PositionParts,
  kept: TruncationPoint | undefined,
  { ids }: ReadContext,
): TruncationPoint | undefined {
  if (kept === undefined || timeTick > kept.timeTick || (gap && timeTick === kept.timeTick)) return undefined
  // A message that was sent twice may lie further on than the id of the position that was given first.
  const isSame = timeTick === kept.timeTick && isSameWriter(writer, kept.writer)
  return isSame ? movedTo({ id, writer, timeTick }, kept, ids) : kept
}

/**
 * The truncation's own time tick is certainly not stored, and the log may begin there all the same. So it does from now
 * on: with storage freed and the point taken back, the log would name a beginning that is gone.
 */
function notTakenBack({ code, message, retryable, cause }: WalError, { where }: ReadContext): AppendError {
  return new AppendError(
    code,
    `${where}: the truncation is not confirmed, and it is not taken back: storage may be freed for appends that wait for room, or another time tick may name the log's new beginning. Call truncate again with the same position. What ended it: ${message}`,
    { outcome: 'unknown', retryable, cause },
  )
}

/**
 * The log is told of its new beginning first, then the storage is freed: after a crash in between the log knows where it
 * begins. A storage without room can't take that time tick, nor what waits before it, until something is freed: then
 * freeing comes first. A crash after that leaves a log that begins above the point it names, which readers find out.
 */
async function freeingWhenStuck(truncation: TruncationUnderWay, told: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const freeing = freeWhenStuck(truncation, over.signal)
  // The freeing ends with the time tick. What else ends it is told by that tick as well.
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
async function freeWhenStuck(truncation: TruncationUnderWay, over: AbortSignal): Promise<void> {
  const { appender, log, lastTick, logger, context, ticker, point, waits } = truncation
  const { ids, where } = context
  const whole = ids.parse(point.id)
  const upToTick = ids.parse(lastTick())
  const steps = ids.compare(whole, upToTick) > 0 ? [upToTick, whole] : [whole]
  for (let again = false; steps.length > 0; again = true) {
    await appender.stuck(again, over)
    over.throwIfAborted()
    // An attempt that fails may have freed a part.
    ticker.beginning.makeIrrevocable(point)
    try {
      await log().truncate(steps[0] as MessageId, waits)
      steps.shift()
    } catch (err) {
      // Tried again with the next refusal; behind the time tick its failure is told to the caller.
      logger.warn({ err }, `${where}: storage could not be freed while appends wait for room`)
    }
  }
}

/** Where the position lies, in the log as it is stored. Rejects with the writer's end, or by the caller's signal. */
async function findPlace(
  parts: TruncationParts,
  place: PositionParts,
  waits: Waits,
): Promise<TruncationPoint> {
  const { context, log, end, ended } = parts
  const looking = new AbortController()
  const { signal } = looking
  const stopListening = [ended, waits.signal].map(
    (given) => given && onAbort(given, (reason) => looking.abort(reason)),
  )
  try {
    const view = { ...context, log: log(), beginning: beginningOf(end(), context.ids), signal }
    const found = await abortable(findTruncationPlace(view, place), signal)
    return movedTo(found, parts.ticker.beginning.irrevocable, context.ids)
  } catch (error) {
    if (ended.aborted && error === ended.reason) throw endedError(ended.reason)
    const { lastConfirmed, writer, timeTick, gap } = place
    const known = { writer, timeTick, ...(gap ? {} : { id: context.ids.parse(lastConfirmed) }) }
    throw await explainEnd(error, known, { ...context, signal })
  } finally {
    for (const stop of stopListening) stop?.()
  }
}
