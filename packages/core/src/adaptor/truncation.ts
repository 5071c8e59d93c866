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
  /** Serialised id of the last time tick that was stored. */
  readonly lastTick: () => string
  /** Where the log ends, as its writer knows. */
  readonly end: () => LogEnd
  /** Aborts when the WAL is no longer the writer, with the reason. */
  readonly ended: AbortSignal
}

/** One call of `truncate`, once the point is known from which the log shall begin. */
interface TruncationUnderWay extends TruncationParts {
  readonly point: TruncationPoint
  readonly waits: Waits
}

/**
 * Frees everything up to and including the message at `position`, or up to the gap there. First the log is read, to find that
 * it still holds what the position names: truncated at a position that the log lost, it would begin where no record is, or
 * behind records that nobody has read.
 */
export async function truncateLog(parts: TruncationParts, position: Position, waits: Waits): Promise<void> {
  checkWaits(waits, 'truncate')
  waits.signal?.throwIfAborted()
  const { context, ticker, log } = parts
  const { beginning } = ticker
  const place = checkPosition(position, 'the position given to truncate', { ...context, end: parts.end() })
  // The point that the log names already is truncated again: the call before may have failed halfway.
  if (place.timeTick < (beginning.stored?.timeTick ?? -1n)) return
  // Checked before the log names the point: with a point that can't be parsed nobody could open the log any more.
  context.ids.parse(place.lastConfirmed)
  const point = beginsAlready(place, beginning.irrevocable, context) ?? (await findPlace(parts, place, waits))
  const told = ticker.tick(point)
  try {
    await abortable(freeingWhenStuck({ ...parts, point, waits }, told), waits.signal)
  } catch (error) {
    // If no time tick with the point may be stored, and nothing was freed, the truncation left no trace and simply failed.
    if (outcomeOf(error) !== 'not-written' || !beginning.mayBeginAt(point)) throw error
    beginning.makeIrrevocable(point)
    throw notTakenBack(error as WalError, context)
  }
  // What a successor needs is kept, also where the log begins behind it for readers.
  await log().truncate(ticker.recovery.keptFrom(context.ids.parse(point.id)), waits)
}

/**
 * The point at which the log begins already, or may begin, when the position lies there or before: then what the position
 * names may be freed, and can't be found any more. Undefined when it has to be found. A gap's position at the same time tick
 * may lie further on, so it has to be found too.
 */
function beginsAlready(
  { lastConfirmed: id, writer, timeTick, gap }: PositionParts,
  kept: TruncationPoint | undefined,
  { ids }: ReadContext,
): TruncationPoint | undefined {
  if (kept === undefined || timeTick > kept.timeTick || (gap && timeTick === kept.timeTick)) return undefined
  // A message that was sent twice has positions with different ids. The id that lies further on is kept.
  const isSame = timeTick === kept.timeTick && isSameWriter(writer, kept.writer)
  return isSame ? movedTo({ id, writer, timeTick }, kept, ids) : kept
}

/**
 * The error of a truncation whose own time tick is certainly not stored, though the log may begin at its point: storage was
 * freed up to it, or another time tick names it. From now on the log begins there. Otherwise it would name records that are
 * gone as its first ones.
 */
function notTakenBack({ code, message, retryable, cause }: WalError, { where }: ReadContext): AppendError {
  return new AppendError(
    code,
    `${where}: the truncation is not confirmed, and it is not taken back: storage may be freed for appends that wait for room, or another time tick may name the log's new beginning. Call truncate again with the same position. What ended it: ${message}`,
    { outcome: 'unknown', retryable, cause },
  )
}

/**
 * Waits for the time tick that names the new beginning. It is stored before anything is freed, so that the log knows where it
 * begins also after a crash in between. A storage without room can't store that time tick until something is freed: then
 * freeing comes first. After a crash the log then begins above the point that it names, which readers find out.
 */
async function freeingWhenStuck(truncation: TruncationUnderWay, told: Promise<unknown>): Promise<void> {
  const over = new AbortController()
  const freeing = freeWhenStuck(truncation, over.signal)
  // The freeing ends when the time tick is stored or fails, and what fails it fails the time tick too.
  freeing.catch(() => {})
  try {
    await told
  } finally {
    over.abort()
  }
}

/**
 * Frees storage once it had no room for the same batch twice, since that batch waits for what this truncation frees. Other
 * failures (a lost connection, a read-only disk) free nothing early: they pass without it.
 *
 * In two steps. First everything before the last stored time tick is freed, since that tick alone names the log's identity.
 * If there is still no room, the tick itself is freed too. A crash before the next time tick then leaves a log whose next
 * writer has to give it another identity; but without this step no append would ever be stored again.
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
    // Also an attempt that fails may have freed a part.
    ticker.beginning.makeIrrevocable(point)
    try {
      await log().truncate(ticker.recovery.keptWithoutRoom(steps[0] as MessageId), waits)
      steps.shift()
    } catch (err) {
      // The next batch that finds no room tries again. A failure after the time tick is stored is told to the caller.
      logger.warn({ err }, `${where}: storage could not be freed while appends wait for room`)
    }
  }
}

/**
 * Finds the record at the position that a truncation was asked for, in the stored log. Rejects when the WAL is no longer the
 * writer, and when the caller's signal aborts.
 */
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
