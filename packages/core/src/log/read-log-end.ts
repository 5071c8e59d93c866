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
  /**
   * Whether to go on behind records that are gone though nobody truncated them. Otherwise such a place is
   * `WAL_POSITION_TRUNCATED`.
   */
  readonly passHoles?: boolean
}

/**
 * Looks at the end of a log of which nothing is known. The last record names the persisted time tick before it, and the
 * records from that tick on are read: a bounded tail (G18). That tick is not void, since a writer names a tick only once it
 * knows that no newer writer's record lies before it. Where the record with that id is no time tick the log lost its end and
 * went on, and all of it is read.
 *
 * Example: the last record, id 57, names tick 41. Records 41 to 57 are read; 41 tells the log's identity and its truncation
 * point, and those behind it tell who is the current writer.
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
  // The first records that are kept may be void. Only the truncation point tells who was the current writer there.
  const point = await tail.latestTruncation()
  const end = await tail.judge(point === undefined ? 'oldest' : { from: ids.parse(point.id) }, point)
  if (end.logIdentity !== undefined) return end
  // A truncation may have freed records during the look. It stores its time tick behind the record that was the last one, so
  // a log with a new last record is looked at again.
  const now = await log.last(waitsOf(view))
  return now === undefined || ids.compare(now.id, last.id) === 0 ? end : readLogEnd(view, options)
}

/** The last records of a log, up to the one that was the last when the look began. */
class Tail {
  readonly #view: LogView
  readonly #last: LogRecord
  readonly #options: LookOptions

  constructor(view: LogView, last: LogRecord, options: LookOptions) {
    this.#view = view
    this.#last = last
    this.#options = options
  }

  /** What the records from a time tick on say. Undefined when the record with the id `tick` is not a time tick. */
  async judgeFromTick(tick: MessageId): Promise<LogEnd | undefined> {
    const { ids } = this.#view
    let first: LogRecord | undefined
    const end = await this.judge({ from: tick }, undefined, (record) => {
      first ??= record
    })
    return first !== undefined && ids.compare(first.id, tick) === 0 && isTimeTick(first) ? end : undefined
  }

  /** What the records from `start` on say. `known`: the truncation point there, which names the writer that was current. */
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
        // Of several openers that raced to create the log, the first gave it its identity. The others' first ticks name
        // identities of their own, so no look may begin at one of those.
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

/** A truncation during a look makes it find records gone, once. Found so often at one place, others removed them. */
const LOOKS_AT_HOLE = 2

/**
 * Looks at a log's end again and again until the backend answers, so that a scanner starts through failures that pass (G21);
 * `trouble` is told of each. Where records are gone at the same place every time, others than `truncate` removed them, and
 * the look goes on behind them. Rejects after `tries` failures in a row.
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
