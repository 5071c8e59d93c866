import {
  type MessageId,
  type MessageIdCodec,
  propertyOf,
  RESERVED,
  type ReadOnlyWALImpls,
  type Runtime,
  type StartPosition,
  type Writer,
} from '@wal/walimpls'
import { retry } from '@wal/walimpls/helper'
import { isTruncated, mayPass } from '../errors/classify.js'
import type { LogEnd } from '../position/log-end.js'
import { parseTruncationPoint, type TruncationPoint } from '../position/truncation-point.js'
import { decodeRecord, isForeign, isTimeTick, type LogRecord, refuseMixed } from '../read/log-record.js'
import { isSameWriter } from '../read/same-writer.js'
import { WriterJudge } from '../read/writer-judge.js'
import { readForeignEnd } from './foreign-end.js'
import { readRange } from './read-range.js'

/**
 * Looks at a log's end: the last record names the persisted time tick before it, and from there a bounded tail is read
 * (G18). When the last record is a time tick itself, the one before is taken: a late tick of a fenced writer must not
 * vouch for itself.
 */
export async function readLogEnd(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  signal?: AbortSignal,
): Promise<LogEnd> {
  const last = await log.last(signal === undefined ? {} : { signal })
  if (last === undefined)
    return {
      lastId: undefined,
      writer: undefined,
      timeTick: -1n,
      logIdentity: undefined,
      lastTick: '',
      truncation: undefined,
    }
  const lastRecord = decodeRecord(last, where, ids)
  if (isForeign(lastRecord)) return readForeignEnd(log, ids, where, lastRecord, signal)
  const { previousTick } = lastRecord
  const start: StartPosition = previousTick === '' ? 'oldest' : { from: ids.parse(previousTick) }
  const judge = (from: StartPosition, known?: TruncationPoint) =>
    judgeRange(log, ids, where, from, known, last.id, signal)
  try {
    return await judge(start)
  } catch (error) {
    if (start === 'oldest' || !isTruncated(error)) throw error
    // What is kept may begin with void records: only the truncation point says whose writer is current there.
    const point = await latestTruncation(log, ids, where, last.id, signal)
    return point === undefined ? judge('oldest') : judge({ from: ids.parse(point.id) }, point)
  }
}

/** What the records from `start` to `end` say, if `known` was current at the start. */
async function judgeRange(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  start: StartPosition,
  known: TruncationPoint | undefined,
  end: MessageId,
  signal: AbortSignal | undefined,
): Promise<LogEnd> {
  const judge = new WriterJudge(known)
  let logIdentity: string | undefined
  let lastTick: LogRecord | undefined
  let tick: LogRecord | undefined
  const see = (record: LogRecord): void => {
    refuseMixed(record, false, where, ids)
    if (!judge.counts(record) || !isTimeTick(record)) return
    // Of several that raced to create the log the first gave it its identity. The others' own are in their first ticks:
    // no look may ever begin at one of those.
    const identity = propertyOf(record.properties, RESERVED.logIdentity)
    logIdentity ??= identity
    if (identity === logIdentity) lastTick = record
    tick = record
  }
  await readRange(log, ids, where, start, end, see, signal)
  return {
    lastId: end,
    writer: judge.writer,
    timeTick: judge.timeTick,
    logIdentity,
    lastTick: lastTick === undefined ? '' : ids.serialise(lastTick.id),
    truncation: tick && truncationIn(tick, where),
  }
}

/** The furthest truncation point that a kept record names, whoever wrote it. */
async function latestTruncation(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  end: MessageId,
  signal: AbortSignal | undefined,
): Promise<TruncationPoint | undefined> {
  let latest: TruncationPoint | undefined
  const see = (record: LogRecord): void => {
    const point = isTimeTick(record) ? truncationIn(record, where) : undefined
    if (point !== undefined && point.timeTick > (latest?.timeTick ?? -1n)) latest = point
  }
  await readRange(log, ids, where, 'oldest', end, see, signal)
  return latest
}

function truncationIn({ properties }: LogRecord, where: string): TruncationPoint | undefined {
  const text = propertyOf(properties, RESERVED.truncationPoint)
  return text === undefined ? undefined : parseTruncationPoint(text, where)
}

/** Whether the log's last record is another writer's. */
export async function endsWithAnother(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  writer: Writer,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const last = await log.last(signal === undefined ? {} : { signal })
  if (last === undefined) return false
  return !isSameWriter(decodeRecord(last, where, ids), writer)
}

/** Looks until the backend answers: a scanner starts, as it goes on, through failures that pass (G21). */
export function awaitLogEnd(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Promise<LogEnd> {
  const options = { firstMs: 100, shouldRetry, ...(signal === undefined ? {} : { signal }) }
  return retry(runtime, options, () => readLogEnd(log, ids, where, signal))
}

/** A look at the oldest records that a truncation overtook is worth another. */
function shouldRetry(error: unknown): boolean {
  return mayPass(error) || isTruncated(error)
}
