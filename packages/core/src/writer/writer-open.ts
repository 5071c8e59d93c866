import {
  type Batch,
  encodeUint64,
  MESSAGE_TYPE,
  type MessageId,
  type MessageIdCodec,
  type OpenerImpls,
  propertyOf,
  RESERVED,
  type ReadOnlyWALImpls,
  recordBytes,
  type TimeTick,
  type WALImpls,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { abortable, backoffMs, type RetryOptions, retry, sleep } from '@wal/walimpls/helper'
import { tickProperties } from '../append/ticker.js'
import type { Trouble } from '../diagnostics/trouble.js'
import { closeWithin } from '../lifetime/close-within.js'
import { isFenced, mayPass } from '../log/classify.js'
import type { LogEnd } from '../log/log-end.js'
import { type LogRecord, refuseMixed } from '../log/log-record.js'
import { fencedBy } from '../log/newer-writer.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import { readRange } from '../log/read-range.js'
import { isSameWriter } from '../log/same-writer.js'
import { parseTruncationPoint, type TruncationPoint } from '../log/truncation-point.js'
import { Stamp } from '../message/stamp.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { type HybridClock, sharedClock } from '../time-tick/hybrid-clock.js'
import { type Moment, momentOf } from '../time-tick/moment.js'
import { randomText } from './random-text.js'
import type { WriterSeat } from './writer-seat.js'

/** A log whose opening record is stored and looked back from: the writer may append. */
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

export interface WriterOpenOptions {
  readonly opener: OpenerImpls
  readonly ids: MessageIdCodec
  readonly channel: string
  readonly term: number | 'next'
  readonly where: string
  readonly options: ResolvedWalOptions
  readonly seat: WriterSeat
  readonly signal: AbortSignal
  /** Hears of every failure that the open outlasts. */
  readonly trouble: Trouble
}

const OPENING_FAILED = 'opening failed, trying again'

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
    // Its last appends may have moved the log's end.
    if (end?.logIdentity !== undefined && (await open.seat.vacate(place, end.logIdentity, term))) continue
    const opened = await attempt(open, end, { term, incarnation: randomText(runtime) })
    if (opened !== undefined) return opened
    // Two that opened with 'next' chose one term: both go higher, at different times.
    await sleep(
      runtime,
      5 + backoffMs(runtime, ++round, { firstMs: 20, maxMs: 1280, jitter: 1 }),
      open.signal,
    )
  }
}

/** What refuses an open is found before anybody is disturbed: a newer writer, a clock too far ahead. */
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

async function lookBefore({
  opener,
  ids,
  channel,
  where,
  options,
  signal,
  trouble,
}: WriterOpenOptions): Promise<{ readonly end: LogEnd | undefined; readonly place: string }> {
  let log: ReadOnlyWALImpls
  try {
    log = await opener.openReadOnly(channel, { signal })
  } catch (error) {
    if (WalError.isInstance(error) && error.code === 'WAL_CHANNEL_NOT_FOUND')
      return { end: undefined, place: '' }
    throw error
  }
  try {
    const view = { log, ids, where, runtime: options.runtime, logger: options.logger }
    return { end: await awaitLogEnd(view, signal, trouble), place: log.place }
  } finally {
    await release(log, where, options)
  }
}

/** Closes a log that is needed no more. How that ends changes nothing about what its caller is told. */
export async function release(
  log: ReadOnlyWALImpls,
  where: string,
  options: ResolvedWalOptions,
): Promise<void> {
  const { runtime, logger } = options
  try {
    await closeWithin({ runtime, logger, where }, 'log', log)
  } catch (err) {
    logger.warn({ err }, `${where}: the backend's log did not close well`)
  }
}

/** How an open goes on through failures that pass. */
function outlasting({ signal, trouble }: Pick<WriterOpenOptions, 'signal' | 'trouble'>): RetryOptions {
  return { signal, shouldRetry: mayPass, failed: (error) => trouble.failed(error, OPENING_FAILED) }
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
      const opening = openingBatch(stamp, clock, sequence, tickProperties(logIdentity, truncation))
      const openedAt = momentOf(options.runtime)
      const stored = await appendOpening(open, log, writer, opening.batch)
      log = stored.log
      // The fence is taken: a failure that passes must not leave the channel without a writer.
      const written = log
      const between = await retry(options.runtime, outlasting(open), () =>
        lookBack(written, open, end?.lastId, stored.id, writer),
      )
      if (between.ownTerm && open.term === 'next') {
        await release(log, where, options)
        return undefined
      }
      // The writer of the log's first record gave the log its identity.
      const named = end?.logIdentity ?? between.logIdentity ?? logIdentity
      // The writer before may have truncated since the first look.
      const truncated = laterPoint(truncation, between.truncation)
      if (named === logIdentity && truncated === truncation && between.timeTick < opening.timeTick) {
        stamp.previousTick = ids.serialise(stored.id)
        const { timeTick: openingTick } = opening
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
    await release(log, where, options)
    throw error
  }
}

/** The same opening record until it is stored, through passing failures and fences that the log does not confirm. */
async function appendOpening(
  open: WriterOpenOptions,
  first: WALImpls,
  writer: Writer,
  batch: Batch,
): Promise<{ log: WALImpls; id: MessageId }> {
  const { runtime } = open.options
  let log = first
  let newerMet = false
  const id = await retry(
    runtime,
    {
      ...outlasting(open),
      shouldRetry: (error) => !newerMet && (isFenced(error) || mayPass(error)),
    },
    async () => {
      try {
        // Given up, the log is closed under a call that hangs.
        return (await abortable(log.append(batch), open.signal))[0] as MessageId
      } catch (error) {
        if (isFenced(error)) {
          newerMet = true
          const { ids, where, signal, trouble } = open
          const view = { log, ids, where, runtime, logger: open.options.logger }
          log = await reassertFence({
            ...open,
            log,
            writer,
            look: async () => {
              const fenced = fencedBy((await awaitLogEnd(view, signal, trouble)).writer, writer, where, error)
              if (fenced !== undefined) throw fenced
            },
          })
          newerMet = false
        }
        throw error
      }
    },
  ).catch(async (error: unknown) => {
    // The caller closes the one it gave.
    if (log !== first) await release(log, open.where, open.options)
    throw withoutOutcome(error)
  })
  return { log, id }
}

/** Nothing of the caller's was appended, so there is no outcome to tell. */
function withoutOutcome(error: unknown): unknown {
  if (!WalError.isInstance(error) || !('outcome' in error)) return error
  return new WalError(error.code, error.message, { cause: error.cause, retryable: error.retryable })
}

/**
 * The backend says that another writer took the fence. Look into the log, wait with jitter, look again: `look` rejects when
 * it finds a newer writer there. Otherwise the log is opened again as the same writer, which takes the fence back. A writer
 * that opens in the meantime is found by the look that follows the first batch stored.
 */
export async function reassertFence(
  options: Omit<WriterOpenOptions, 'term' | 'seat' | 'ids'> & {
    readonly log: WALImpls
    readonly writer: Writer
    readonly look: () => Promise<void>
    /** Called just before `log` is closed. */
    readonly closes?: () => void
  },
): Promise<WALImpls> {
  const { opener, channel, where, signal, log, writer, look, closes } = options
  const { runtime } = options.options
  await look()
  // A successor that has the fence but not yet its opening record gets the time to store it.
  await sleep(runtime, 50 + 100 * runtime.random(), signal)
  await look()
  closes?.()
  // Its connection may be gone: that is no reason not to open another.
  await release(log, where, options.options)
  return retry(runtime, { ...outlasting(options), firstMs: 50 }, () =>
    opener.open(channel, writer, { signal }),
  )
}

function openingBatch(
  stamp: Stamp,
  clock: HybridClock,
  sequence: number,
  properties: readonly string[],
): { batch: Batch; timeTick: TimeTick } {
  const timeTick = clock.take(1)
  const own = [...properties, RESERVED.opening, '']
  const list = stamp.properties(
    { type: MESSAGE_TYPE.TimeTick, vchannel: '', properties: own },
    encodeUint64(timeTick),
  )
  const message = { payload: new Uint8Array(0), properties: list }
  return { batch: { sequence, messages: [message], bytes: recordBytes(message) }, timeTick }
}

/** What others stored between the last record that was known and our opening record. A higher term there is the end. */
async function lookBack(
  log: WALImpls,
  { ids, where, signal, options }: WriterOpenOptions,
  known: MessageId | undefined,
  opening: MessageId,
  writer: Writer,
): Promise<{
  timeTick: TimeTick
  ownTerm: boolean
  logIdentity: string | undefined
  truncation: TruncationPoint | undefined
}> {
  let timeTick = -1n
  let ownTerm = false
  let logIdentity: string | undefined
  let truncation: TruncationPoint | undefined
  const see = (record: LogRecord): void => {
    if (known !== undefined && ids.compare(record.id, known) <= 0) return
    refuseMixed(record, false, where, ids)
    // Also our own: a first copy of the opening record may be the log's first.
    logIdentity ??= propertyOf(record.properties, RESERVED.logIdentity)
    if (isSameWriter(record, writer)) return
    if (record.term > writer.term)
      throw new WalError(
        'WAL_FENCED',
        `${where}: a writer of term ${record.term} opened the channel while term ${writer.term} was being opened. Stop being the writer; do not reopen at 'next' in a loop.`,
      )
    if (record.term === writer.term) ownTerm = true
    if (record.timeTick > timeTick) timeTick = record.timeTick
    const point = propertyOf(record.properties, RESERVED.truncationPoint)
    if (point !== undefined) truncation = laterPoint(truncation, parseTruncationPoint(point, where))
  }
  const start = known === undefined ? 'oldest' : { from: known }
  // What was truncated or removed meanwhile is passed over: the records kept behind it say whether a newer writer came.
  const view = { log, ids, where, runtime: options.runtime, logger: options.logger }
  await readRange(view, { start, end: opening, see, hole: () => {}, signal })
  return { timeTick, ownTerm, logIdentity, truncation }
}

/** The first unless the second lies further on. */
function laterPoint(
  one: TruncationPoint | undefined,
  other: TruncationPoint | undefined,
): TruncationPoint | undefined {
  return other !== undefined && other.timeTick > (one?.timeTick ?? -1n) ? other : one
}
