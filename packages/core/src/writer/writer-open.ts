import {
  type MessageId,
  type ReadOnlyWALImpls,
  type Runtime,
  type TimeTick,
  type WALImpls,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { backoffMs, retry, sleep } from '@wal/walimpls/helper'
import { tickProperties } from '../append/ticker.js'
import type { LogEnd } from '../log/log-end.js'
import { laterPoint, pointAt } from '../log/log-point.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { RecoveryPoint, WriterState } from '../log/recovery-point.js'
import { Stamp } from '../message/stamp.js'
import { type HybridClock, sharedClock } from '../time-tick/hybrid-clock.js'
import { type Moment, momentOf } from '../time-tick/moment.js'
import { lookBack } from './look-back.js'
import { appendOpening, openingBatch } from './opening-record.js'
import { outlasting, release } from './reassert-fence.js'
import { viewOf, type WriterOpenOptions } from './writer-open-options.js'

/**
 * A log that is open for writing. Its opening record is stored, and the records before that one were judged, so appends may
 * start.
 */
export interface OpenedWriter {
  readonly log: WALImpls
  readonly writer: Writer
  readonly stamp: Stamp
  readonly clock: HybridClock
  readonly logIdentity: string
  readonly truncation: LogEnd['truncation']
  /** The one that the opening record names. */
  readonly recoveryPoint: RecoveryPoint
  /** What the read stages have built for this writer. */
  readonly states: readonly WriterState[]
  readonly openingId: MessageId
  readonly openingTick: TimeTick
  /** The moment at which the opening record was sent. */
  readonly openedAt: Moment
  readonly nextSequence: number
}

/**
 * Opens a channel for writing (G6), in five steps: reads the log's end without fencing anybody; closes this process's own
 * writer of the log; opens the log in the backend; stores the opening record; reads the records that were stored between the
 * first step and the opening record. Nobody may append before the last step has ended.
 */
export async function openWriter(open: WriterOpenOptions): Promise<OpenedWriter> {
  const { runtime } = open.options
  for (let round = 0; ; ) {
    const { end, place } = await lookBefore(open)
    if (end?.foreign)
      throw new WalError(
        'WAL_SPEC_UNSUPPORTED',
        `${open.where}: another system writes this log. @wal/core reads such logs (accessMode: 'ro') and never writes to them; take another channel.`,
      )
    const term = admittedTerm(open, end)
    // The writer that was closed may have appended until now, so the log's end is read again.
    if (end?.logIdentity !== undefined && (await open.seat.closePresent(place, end.logIdentity, term)))
      continue
    const opened = await attempt(open, end, { term, incarnation: randomText(runtime) })
    if (opened !== undefined) return opened
    // Another opener chose the same term. Each of them waits for a random time, so that they do not choose the same higher term
    // again.
    await sleep(
      runtime,
      5 + backoffMs(runtime, ++round, { firstMs: 20, maxMs: 1280, jitter: 1 }),
      open.signal,
    )
  }
}

/**
 * The term to open at. Throws for a term lower than the log's, and for a log whose time ticks are too far ahead of the clock,
 * before any other writer is disturbed.
 */
function admittedTerm({ term: asked, where, options }: WriterOpenOptions, end: LogEnd | undefined): number {
  const highest = end?.writer?.term ?? -1
  const term = asked === 'next' ? highest + 1 : asked
  if (term < highest)
    throw new WalError(
      'WAL_FENCED',
      `${where}: term ${term} can't be opened, since a newer writer, of term ${highest}, owns the channel. Open with a higher term, or with 'next', if this process is to be the writer.`,
    )
  if (end !== undefined && end.timeTick >= 0n)
    sharedClock(options.runtime).observe(end.timeTick, options.maxClockAheadMs, where)
  return term
}

/**
 * Reads the log's end without fencing anybody, and says where the log is stored. There is no end when the channel has no log
 * yet.
 */
async function lookBefore(
  open: WriterOpenOptions,
): Promise<{ readonly end: LogEnd | undefined; readonly place: string }> {
  const { opener, channel, signal, trouble } = open
  let log: ReadOnlyWALImpls
  try {
    log = await opener.openReadOnly(channel, { signal })
  } catch (error) {
    if (WalError.isInstance(error) && error.code === 'WAL_CHANNEL_NOT_FOUND')
      return { end: undefined, place: '' }
    throw error
  }
  try {
    return { end: await awaitLogEnd(viewOf(log, open), trouble), place: log.place }
  } finally {
    await release(log, open)
  }
}

/**
 * Opens the log at one term. Undefined when another opener that asked for `next` too stored a record of the same term first.
 */
async function attempt(
  open: WriterOpenOptions,
  end: LogEnd | undefined,
  writer: Writer,
): Promise<OpenedWriter | undefined> {
  const { opener, ids, channel, where, options, signal } = open
  const clock = sharedClock(options.runtime)
  const stamp = new Stamp(writer, end?.lastTick ?? '')
  let truncation = end?.truncation
  // The point from which this writer recovers itself. What it will know is known only behind the opening record.
  let recoveryPoint = end?.recoveryPoint
  let logIdentity = end?.logIdentity ?? randomText(options.runtime)
  let log = await opener.open(channel, writer, { signal })
  try {
    for (let sequence = 0; ; sequence++) {
      const openingTick = clock.allocate(1)
      const properties = tickProperties({ logIdentity, truncation, recoveryPoint })
      const batch = openingBatch(stamp, { sequence, timeTick: openingTick, properties })
      const openedAt = momentOf(options.runtime)
      const stored = await appendOpening(open, log, { writer, batch })
      log = stored.log
      // The opening record is stored, so the earlier writer is fenced. If this open gave up at a failure that may pass, the
      // channel would have no writer.
      const view = viewOf(log, open)
      const own = { id: stored.id, writer }
      const between = await retry(options.runtime, outlasting(open), () => lookBack(view, end, own))
      if (between.ownTerm && open.term === 'next') {
        await release(log, open)
        return undefined
      }
      // The first record of the log gave the log its identity, whichever writer stored it.
      const named = end?.logIdentity ?? between.logIdentity ?? logIdentity
      // The writer before this one may have truncated the log since its end was read.
      const truncated = laterPoint(truncation, between.truncation)
      if (named === logIdentity && truncated === truncation && between.timeTick < openingTick) {
        stamp.previousTick = ids.serialise(stored.id)
        return {
          log,
          writer,
          stamp,
          clock,
          logIdentity,
          truncation,
          recoveryPoint: recoveryPoint ?? pointAt({ id: stored.id, ...writer, timeTick: openingTick }, ids),
          states: between.states,
          openingId: stored.id,
          openingTick,
          openedAt,
          nextSequence: sequence + 1,
        }
      }
      logIdentity = named
      truncation = truncated
      recoveryPoint = laterPoint(recoveryPoint, between.recoveryPoint)
      if (between.timeTick >= 0n) clock.observe(between.timeTick, options.maxClockAheadMs, where)
    }
  } catch (error) {
    await release(log, open)
    throw error
  }
}

/** Twenty random characters of [a-z0-9], about 100 bits, so that no two incarnations or log identities are ever equal. */
function randomText(runtime: Pick<Runtime, 'random'>): string {
  let text = ''
  while (text.length < 20)
    text += Math.floor(runtime.random() * 36 ** 5)
      .toString(36)
      .padStart(5, '0')
  return text
}
