import {
  type MessageId,
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
import { decodeRecord, isForeign, isTimeTick, type LogRecord, refuseMixed } from './log-record.js'
import { type LogView, waitsOf } from './log-view.js'
import { readRange } from './read-range.js'
import { parseTruncationPoint, type TruncationPoint } from './truncation-point.js'

export interface LookOptions {
  /** Goes on behind records that are gone though nobody truncated them. Otherwise `WAL_POSITION_TRUNCATED`. */
  readonly passHoles?: boolean
}

/**
 * Looks at a log's end, knowing nothing of it: the last record names the persisted time tick before it, and from there a
 * bounded tail is read (G18). That tick counts, since a tick is named only once its writer knew that no newer writer's
 * record lies before it. A last record that names no such place is left of a log that lost its end: then all of the log
 * is read.
 */
export async function readLogEnd(view: LogView, options: LookOptions = {}): Promise<LogEnd> {
  const { log, ids } = view
  const last = await log.last(waitsOf(view))
  if (last === undefined) return EMPTY_LOG
  const lastRecord = decodeRecord(last, view)
  if (isForeign(lastRecord)) return readForeignEnd(view, lastRecord)
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
  // What is kept may begin with void records: only the truncation point says whose writer is current there.
  const point = await tail.latestTruncation()
  const end = await tail.judge(point === undefined ? 'oldest' : { from: ids.parse(point.id) }, point)
  if (end.logIdentity !== undefined) return end
  // A truncation that overtakes the look stores the time tick that tells of it behind what was the last record then.
  const now = await log.last(waitsOf(view))
  return now === undefined || ids.compare(now.id, last.id) === 0 ? end : readLogEnd(view, options)
}

/** The records up to the last one, as a look sees them. */
class Tail {
  readonly #view: LogView
  readonly #last: LogRecord
  readonly #options: LookOptions

  constructor(view: LogView, last: LogRecord, options: LookOptions) {
    this.#view = view
    this.#last = last
    this.#options = options
  }

  /** As `judge`; undefined when the record at `tick` is not a time tick from before the last record. */
  async judgeFromTick(tick: MessageId): Promise<LogEnd | undefined> {
    const { ids } = this.#view
    let first: LogRecord | undefined
    const end = await this.judge({ from: tick }, undefined, (record) => {
      first ??= record
    })
    return first !== undefined && ids.compare(first.id, tick) === 0 && isTimeTick(first) ? end : undefined
  }

  /** What the records from `start` on say, if `known` was current at the start. */
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
    await this.#read(
      start,
      (record) => {
        watch?.(record)
        refuseMixed(record, false, this.#view)
        if (!judge.counts(record) || !isTimeTick(record)) return
        // Of several that raced to create the log the first gave it its identity. The others' own are in their first
        // ticks: no look may ever begin at one of those.
        const identity = propertyOf(record.properties, RESERVED.logIdentity)
        logIdentity ??= identity
        if (identity === logIdentity) lastTick = record
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
      truncation: tick && truncationIn(tick, where),
    }
  }

  /** The furthest truncation point that a kept record names, whichever writer wrote that record. */
  async latestTruncation(): Promise<TruncationPoint | undefined> {
    let latest: TruncationPoint | undefined
    await this.#read(
      'oldest',
      (record) => {
        const point = isTimeTick(record) ? truncationIn(record, this.#view.where) : undefined
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

function truncationIn({ properties }: LogRecord, where: string): TruncationPoint | undefined {
  const text = propertyOf(properties, RESERVED.truncationPoint)
  return text === undefined ? undefined : parseTruncationPoint(text, where)
}

/** A look finds records gone when a truncation overtakes it. So often at one place it was no truncation. */
const LOOKS_AT_HOLE = 2

/**
 * Looks until the backend answers: a scanner starts, as it goes on, through failures that pass (G21), of which `trouble`
 * hears. Where records are gone at the same place time after time, others than `truncate` removed them, and the look goes
 * on behind them. `tries`: how often in a row it fails before that is told.
 */
export function awaitLogEnd(
  view: LogView,
  trouble: Trouble,
  tries = Number.POSITIVE_INFINITY,
): Promise<LogEnd> {
  const shouldRetry = (error: unknown, failures: number) => failures < tries && mayPass(error)
  const failed = (error: unknown) => trouble.failed(error, 'looking for the log’s end failed, looking again')
  const options = { firstMs: 100, shouldRetry, failed, ...waitsOf(view) }
  return retry(view.runtime, options, async () => {
    let place: string | undefined
    for (let found = 0; ; ) {
      const passHoles = found === LOOKS_AT_HOLE
      try {
        return await readLogEnd(view, { passHoles })
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
