import {
  type MessageId,
  type MessageIdCodec,
  type PositionTruncatedError,
  propertyOf,
  RESERVED,
  type StartPosition,
} from '@wal/walimpls'
import { retry } from '@wal/walimpls/helper'
import type { Trouble } from '../diagnostics/trouble.js'
import { isTruncated, mayPass } from './classify.js'
import { CountingJudge } from './counting-judge.js'
import { readForeignEnd } from './foreign-end.js'
import { EMPTY_LOG, type LogEnd } from './log-end.js'
import { laterPoint, pointAt } from './log-point.js'
import { decodeRecord, isForeign, isTimeTick, type LogRecord, refuseMixed } from './log-record.js'
import { type LogView, waitsOf } from './log-view.js'
import { readRange } from './read-range.js'
import { type RecoveryPoint, recoveryIn } from './recovery-point.js'
import { isSameWriter } from './same-writer.js'
import { type TruncationPoint, truncationIn } from './truncation-point.js'

export interface LookOptions {
  /**
   * Whether reading goes on behind a place where records are gone though nobody truncated them. Otherwise such a place rejects
   * with `WAL_POSITION_TRUNCATED`.
   */
  readonly passHoles?: boolean
  /** What an earlier look found. It is the answer when the log has the same last record as then. */
  readonly known?: LogEnd | undefined
}

export interface AwaitOptions extends Pick<LookOptions, 'known'> {
  /** After how many failures in a row to give up. Default: never. */
  readonly tries?: number
}

/**
 * Finds the end of a log of which nothing is known, by reading only a bounded part of it (G18): the last record names the
 * persisted time tick before it, and the records from that time tick on are read. That time tick is not void, since a writer
 * names one only once it knows that no newer writer's record lies before it. If the record with that id is no time tick, the
 * log lost its end and went on, so the whole log is read.
 *
 * Example: the last record has id 57 and names the time tick at id 41. Records 41 to 57 are read. Record 41 tells the log's
 * identity and its truncation point, and the records behind it tell who is the current writer.
 */
export async function readLogEnd(view: LogView, options: LookOptions = {}): Promise<LogEnd> {
  const { log, ids } = view
  const last = await log.last(waitsOf(view))
  if (last === undefined) return EMPTY_LOG
  const lastRecord = decodeRecord(last, view)
  if (isForeign(lastRecord)) return readForeignEnd(view, lastRecord)
  const { known } = options
  if (known !== undefined && isEndOf(known, lastRecord, ids)) return known
  const { previousTick } = lastRecord
  const tail = new Tail(view, lastRecord, options)
  if (previousTick === '') return tail.judge('oldest')
  const tick = ids.parse(previousTick)
  if (ids.compare(tick, last.id) < 0)
    try {
      const end = await tail.judgeFromTick(tick)
      if (end !== undefined) return end
    } catch (error) {
      if (!isTruncated(error)) throw error
    }
  // The oldest records that are kept may be void. Only the truncation point tells who was the current writer there.
  const point = await tail.latestTruncation()
  const end = await tail.judge(point === undefined ? 'oldest' : { from: ids.parse(point.id) }, point)
  if (end.logIdentity !== undefined) return end
  // A truncation may have freed records while this call read them. A truncation stores a time tick at the log's end. So if the
  // log has a new last record, this call starts again.
  const now = await log.last(waitsOf(view))
  return now === undefined || ids.compare(now.id, last.id) === 0 ? end : readLogEnd(view, options)
}

/**
 * Whether this end was found when the log had the same last record. A log is only appended to, so the records before that one
 * are the same too. A log that lost its end and went on may have another record under the id, of another writer or time tick.
 */
function isEndOf(known: LogEnd, record: LogRecord, ids: MessageIdCodec): boolean {
  const { last, lastId, logIdentity } = known
  if (last === undefined || lastId === undefined || logIdentity === undefined) return false
  return (
    ids.compare(lastId, record.id) === 0 &&
    isSameWriter(last.writer, record) &&
    last.timeTick === record.timeTick
  )
}

/** The records of a log up to the last one, as it was when the call began. */
class Tail {
  readonly #view: LogView
  readonly #last: LogRecord
  readonly #options: LookOptions

  constructor(view: LogView, last: LogRecord, options: LookOptions) {
    this.#view = view
    this.#last = last
    this.#options = options
  }

  /**
   * The log's end, judged from the records that start with a time tick. Undefined when the record with the id `tick` is not a
   * time tick, or when no recovery point that is named there can be right.
   */
  async judgeFromTick(tick: MessageId): Promise<LogEnd | undefined> {
    const { ids } = this.#view
    let first: LogRecord | undefined
    const end = await this.judge({ from: tick }, undefined, (record) => {
      first ??= record
    })
    if (end.recoveryPoint === undefined) return undefined
    return first !== undefined && ids.compare(first.id, tick) === 0 && isTimeTick(first) ? end : undefined
  }

  /**
   * The log's end, judged from the records from `start` on. `known`: the truncation point at `start`, which names the writer
   * that was current there. At the log's beginning, recovering begins there too when no time tick says where.
   */
  async judge(
    start: StartPosition,
    known?: TruncationPoint,
    watch?: (record: LogRecord) => void,
  ): Promise<LogEnd> {
    const { ids, where } = this.#view
    const judge = new CountingJudge(known)
    let logIdentity: string | undefined
    let lastTick: LogRecord | undefined
    let tick: LogRecord | undefined
    let recoveryPoint: RecoveryPoint | undefined
    let beginning: RecoveryPoint | undefined = known
    await this.#read(
      start,
      (record) => {
        watch?.(record)
        refuseMixed(record, false, this.#view)
        if (!judge.counts(record)) return
        if (start === 'oldest') beginning ??= pointAt(record, ids)
        if (!isTimeTick(record)) return
        // Several openers may have created the log at the same time. The first of them gave it its identity. The first time
        // ticks of the others name other identities, so no later call may start at one of these.
        const identity = propertyOf(record.properties, RESERVED.logIdentity)
        logIdentity ??= identity
        if (identity === logIdentity) {
          lastTick = record
          recoveryPoint = laterPoint(recoveryPoint, recoveryIn(record, this.#view))
        }
        tick = record
      },
      () => judge.passHole(),
    )
    const { id, term, incarnation, timeTick } = this.#last
    return {
      lastId: id,
      last: { writer: { term, incarnation }, timeTick },
      writer: judge.writer,
      timeTick: judge.timeTick,
      logIdentity,
      lastTick: lastTick === undefined ? '' : ids.serialise(lastTick.id),
      truncation: tick && truncationIn(tick.properties, where),
      recoveryPoint: recoveryPoint ?? beginning,
    }
  }

  /** The furthest truncation point that any record names, whether or not that record counts. */
  async latestTruncation(): Promise<TruncationPoint | undefined> {
    let latest: TruncationPoint | undefined
    await this.#read(
      'oldest',
      (record) => {
        const point = isTimeTick(record) ? truncationIn(record.properties, this.#view.where) : undefined
        if (point !== undefined && point.timeTick > (latest?.timeTick ?? -1n)) latest = point
      },
      () => {},
    )
    return latest
  }

  #read(start: StartPosition, see: (record: LogRecord) => void, hole: () => void): Promise<void> {
    const { passHoles } = this.#options
    return readRange(this.#view, {
      start,
      end: this.#last.id,
      see,
      hole: passHoles ? hole : undefined,
    })
  }
}

/**
 * How many times records are found gone at one place before others than `truncate` must have removed them. A truncation makes a
 * call find records gone once.
 */
const LOOKS_AT_HOLE = 2

/**
 * Finds the log's end, and tries again until the backend answers, so that a scanner can start while a failure passes (G21).
 * `trouble` is told of each failure. When records are gone at the same place each time, they were removed by others than
 * `truncate`, and reading goes on behind them. Rejects after `tries` failures in a row.
 */
export function awaitLogEnd(
  view: LogView,
  trouble: Trouble,
  { tries = Number.POSITIVE_INFINITY, known }: AwaitOptions = {},
): Promise<LogEnd> {
  const shouldRetry = (error: unknown, failures: number) => failures < tries && mayPass(error)
  const failed = (error: unknown) => trouble.failed(error, 'looking for the log’s end failed, looking again')
  const options = { firstMs: 100, shouldRetry, failed, ...waitsOf(view) }
  return retry(view.runtime, options, async () => {
    let place: string | undefined
    for (let found = 0; ; ) {
      const passHoles = found === LOOKS_AT_HOLE
      try {
        return await readLogEnd(view, { passHoles, known })
      } catch (error) {
        if (!isTruncated(error) || passHoles) throw error
        const { oldest } = error as PositionTruncatedError
        found = oldest === place ? found + 1 : 1
        place = oldest
        await view.runtime.yield()
      }
    }
  })
}
