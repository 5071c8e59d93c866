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
import { awaitLogEnd } from '../log/read-log-end.js'
import { Stamp } from '../message/stamp.js'
import { type HybridClock, sharedClock } from '../time-tick/hybrid-clock.js'
import { type Moment, momentOf } from '../time-tick/moment.js'
import { laterPoint, lookBack } from './look-back.js'
import { appendOpening, openingBatch } from './opening-record.js'
import { outlasting, release } from './reassert-fence.js'
import { viewOf, type WriterOpenOptions } from './writer-open-options.js'

/** An open log whose writer may append: its opening record is stored, and what lies before that was looked at. */
export interface OpenedWriter {
  readonly log: WALImpls
  readonly writer: Writer
  readonly stamp: Stamp
  readonly clock: HybridClock
  readonly logIdentity: string
  readonly truncation: LogEnd['truncation']
  readonly openingId: MessageId
  readonly openingTick: TimeTick
  /** When the opening record was sent. */
  readonly openedAt: Moment
  readonly nextSequence: number
}

/**
 * Opens a channel for writing (G6): look at the log's end without fencing anybody; close this process's own writer of the
 * log; open; store the opening record; look at everything between what was known and that record. Only then may anybody
 * append.
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
    // The writer that was closed may have moved the log's end with its last appends.
    if (end?.logIdentity !== undefined && (await open.seat.closePresent(place, end.logIdentity, term)))
      continue
    const opened = await attempt(open, end, { term, incarnation: randomText(runtime) })
    if (opened !== undefined) return opened
    // Another opener chose the same term. Both choose a higher one, at different moments.
    await sleep(
      runtime,
      5 + backoffMs(runtime, ++round, { firstMs: 20, maxMs: 1280, jitter: 1 }),
      open.signal,
    )
  }
}

/**
 * The term to open at. Throws for a lower term than the log's and for a log too far ahead of the clock, before any other writer
 * is disturbed.
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

/** The log's end before anybody is disturbed, and where the log is stored; no end when there is no log yet. */
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

/** Undefined: another opener that asked for `next` was first with the same term. */
async function attempt(
  open: WriterOpenOptions,
  end: LogEnd | undefined,
  writer: Writer,
): Promise<OpenedWriter | undefined> {
  const { opener, ids, channel, where, options, signal } = open
  const clock = sharedClock(options.runtime)
  const stamp = new Stamp(writer, end?.lastTick ?? '')
  let truncation = end?.truncation
  let logIdentity = end?.logIdentity ?? randomText(options.runtime)
  let log = await opener.open(channel, writer, { signal })
  try {
    for (let sequence = 0; ; sequence++) {
      const openingTick = clock.take(1)
      const properties = tickProperties(logIdentity, truncation)
      const batch = openingBatch(stamp, { sequence, timeTick: openingTick, properties })
      const openedAt = momentOf(options.runtime)
      const stored = await appendOpening(open, log, { writer, batch })
      log = stored.log
      // This writer has the fence now: a failure that passes must not leave the channel without a writer.
      const view = viewOf(log, open)
      const own = { id: stored.id, writer }
      const between = await retry(options.runtime, outlasting(open), () => lookBack(view, end?.lastId, own))
      if (between.ownTerm && open.term === 'next') {
        await release(log, open)
        return undefined
      }
      // The writer of the log's first record gave the log its identity.
      const named = end?.logIdentity ?? between.logIdentity ?? logIdentity
      // The writer before this one may have truncated since the first look.
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
          openingId: stored.id,
          openingTick,
          openedAt,
          nextSequence: sequence + 1,
        }
      }
      logIdentity = named
      truncation = truncated
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
