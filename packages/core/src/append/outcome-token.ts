import {
  encodeUint64,
  invalidArgument,
  parseDecimal,
  parseUint64,
  type TimeTick,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { formatPosition, parsePosition } from '../log/position.js'
import { isSameWriter } from '../log/same-writer.js'
import type { BatchInFlight, SentMessage } from '../message/batch-in-flight.js'
import type { ResultContext } from './append-result.js'

/** A record that the writer appended and that was acknowledged. */
export interface AckedRecord {
  /** The serialised id. */
  readonly id: string
  readonly timeTick: TimeTick
}

/** Messages with consecutive time ticks: the first of them, and how many there are. */
export interface TickRun {
  readonly first: TimeTick
  readonly count: number
}

/** What a token says: which messages of one call have an unknown outcome, and where to look for them. */
export interface OutcomeToken {
  readonly backend: string
  readonly logIdentity: string
  readonly writer: Writer
  /**
   * The last record of the writer's that was acknowledged before the first of the messages was sent: reading on from its
   * id comes to the messages wherever they were stored. A log without this record lost its end.
   */
  readonly ackedBefore: AckedRecord
  /**
   * The time ticks of the messages whose outcome is unknown, rising. Messages with 11, 12, 13 and 20 make two runs, 11 to 13
   * and 20: no run begins right behind the run before.
   */
  readonly runs: readonly TickRun[]
  /** How many messages of the call are not known to be written: those in the runs, and those certainly not written. */
  readonly total: number
}

/**
 * A token has room for some thousand runs. Few have more than one: appends of others get between the messages of a batch
 * only when these wait in interceptors.
 */
const MAX_LENGTH = 1 << 20
const MAX_TIME_TICK = (1n << 64n) - 1n
const WHAT = 'the text that an error with an unknown outcome carries'
const TOKEN = /^append:(wal[0-9]+:[^\s]*):runs([0-9]{1,4}):([0-9]+):([0-9a-z.-]+)$/
const VERSION = '1'

/**
 * `append:POSITION:runs1:TOTAL:RUN-RUN…`: the position of the record that was acknowledged before, then the messages to be
 * found behind it. A run is `DISTANCE.COUNT`. The distance, in base 36, is that of its first time tick from the record, or
 * from the last time tick of the run before: behind a record with time tick 10, the runs 11 to 13 and 20 are `1.3-7.1`.
 * Undefined when the text would be longer than `parseToken` accepts.
 */
export function formatToken({ ackedBefore, runs, total, ...place }: OutcomeToken): string | undefined {
  const { id: lastConfirmed, timeTick } = ackedBefore
  let last = timeTick
  let text = ''
  for (const { first, count } of runs) {
    text += `${text === '' ? '' : '-'}${encodeUint64(first - last)}.${count}`
    if (text.length > MAX_LENGTH / 2) return undefined
    last = first + BigInt(count - 1)
  }
  const token = `append:${formatPosition({ ...place, lastConfirmed, timeTick })}:runs${VERSION}:${total}:${text}`
  return token.length > MAX_LENGTH ? undefined : token
}

/** Throws `WAL_INVALID_ARGUMENT` for what is no token, `WAL_SPEC_UNSUPPORTED` for a later format. */
export function parseToken(text: unknown): OutcomeToken {
  if (typeof text !== 'string' || text.length > MAX_LENGTH)
    throw invalidArgument(`This is no token of an append. A token is ${WHAT}`, text)
  const [, position, version, totalText, runsText] = TOKEN.exec(text) ?? []
  if (position === undefined || runsText === undefined)
    throw invalidArgument(`This is no token of an append. A token is ${WHAT}`, text)
  if (version !== VERSION)
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `The token has the format "runs${version}", and this version of @wal/core reads "runs${VERSION}". Resolve it with a later version.`,
    )
  const { backend, logIdentity, lastConfirmed, writer, timeTick, ownId, gap } = parsePosition(
    position,
    'The place in the token',
  )
  const runs = parseRuns(runsText, timeTick)
  const total = parseDecimal(totalText ?? '')
  const named = runs?.reduce((sum, { count }) => sum + count, 0) ?? 0
  // Nobody appends to another system's log with this library, and no record lies at a gap: no token has such a position.
  const isPlace = logIdentity !== '' && ownId === undefined && gap === undefined
  if (!isPlace || runs === undefined || total === undefined || total < named)
    throw invalidArgument(`This is no token of an append. A token is ${WHAT}`, text)
  return { backend, logIdentity, writer, ackedBefore: { id: lastConfirmed, timeTick }, runs, total }
}

function parseRuns(text: string, ackedTick: TimeTick): TickRun[] | undefined {
  const runs: TickRun[] = []
  let last = ackedTick
  for (const run of text.split('-')) {
    const [distanceText, countText, ...more] = run.split('.')
    const distance = parseUint64(distanceText ?? '')
    const count = parseDecimal(countText ?? '')
    // A run at a distance of one would be part of the run before it. Only the first may lie right behind the record before.
    const least = runs.length === 0 ? 1n : 2n
    if (distance === undefined || distance < least || !count || more.length > 0) return undefined
    const first = last + distance
    last = first + BigInt(count - 1)
    if (last > MAX_TIME_TICK) return undefined
    runs.push({ first, count })
  }
  return runs
}

/** The text of a token that names one message that was sent. */
export function outcomeToken(context: ResultContext, { batch, index }: SentMessage): string | undefined {
  const run = { first: batch.firstTimeTick + BigInt(index), count: 1 }
  return formatToken(tokenOf(context, ackedBefore(batch), { runs: [run], total: 1 }))
}

export function ackedBefore({ lastAckedBefore, lastAckedTickBefore }: BatchInFlight): AckedRecord {
  return { id: lastAckedBefore, timeTick: lastAckedTickBefore }
}

/** A token that names several messages of one call. */
export function tokenOf(
  { backend, logIdentity, writer }: ResultContext,
  acked: AckedRecord,
  { runs, total }: Pick<OutcomeToken, 'runs' | 'total'>,
): OutcomeToken {
  return { backend, logIdentity, writer, ackedBefore: acked, runs, total }
}

/**
 * One token for all messages that several tokens of one call name. Undefined when there are no tokens, or when they are of
 * different writers: an interceptor may reject with the error of an append to another log.
 */
export function joinTokens(tokens: readonly string[], total: number): string | undefined {
  const parts = tokens.map((token) => parseToken(token))
  const [first] = parts
  if (first === undefined || !parts.every((part) => isOfSameWriter(part, first))) return undefined
  let earliest = first.ackedBefore
  for (const part of parts) if (part.ackedBefore.timeTick < earliest.timeTick) earliest = part.ackedBefore
  const runs = parts.flatMap((part) => part.runs).sort((a, b) => (a.first < b.first ? -1 : 1))
  return formatToken({ ...first, ackedBefore: earliest, runs: joined(runs), total })
}

function isOfSameWriter(one: OutcomeToken, other: OutcomeToken): boolean {
  return (
    one.backend === other.backend &&
    one.logIdentity === other.logIdentity &&
    isSameWriter(one.writer, other.writer)
  )
}

function joined(runs: readonly TickRun[]): TickRun[] {
  const merged: TickRun[] = []
  for (const run of runs) addRun(merged, run)
  return merged
}

/** Adds a run that lies above all runs in the list. When it continues the last run, the two become one. */
export function addRun(runs: TickRun[], run: TickRun): void {
  const last = runs[runs.length - 1]
  if (last === undefined || last.first + BigInt(last.count) !== run.first) runs.push(run)
  else runs[runs.length - 1] = { first: last.first, count: last.count + run.count }
}
