import {
  LogRolledBackError,
  type MessageId,
  type PositionTruncatedError,
  type StartPosition,
  type StoredMessage,
  type TimeTick,
} from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import { isTruncated } from '../log/classify.js'
import type { KnownPlace } from '../log/known-place.js'
import { decodeRecord, isForeign, type LogRecord } from '../log/log-record.js'
import { READ_BYTES } from '../log/read-sizes.js'
import { CatchUp } from './catch-up.js'
import type { TailReader } from './log-tail.js'
import { type MissingRecords, missingUpTo } from './missing-records.js'
import { FOREIGN_BEGINNING, ForeignOrder, type LateRecord } from './order/foreign-order.js'
import type { LogOrder } from './order/log-order.js'
import { OwnOrder } from './order/own-order.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import { retainedBytes } from './retained-bytes.js'

/** Records that count, in order of delivery; none, and nothing missing, when the end is met. */
export interface RecordRun {
  readonly records: readonly LogRecord[]
  /** What keeping one of them keeps. */
  readonly bytes: number
  /** Other readers are given the same objects, so they must not be changed. */
  readonly shared: boolean
  /** What is gone before the first of them. */
  readonly missing?: MissingRecords
  /** Those among them that came too late for their place. */
  readonly late?: ReadonlyMap<LogRecord, LateRecord>
}

export interface RecordSourceOptions {
  /** Whether to go on where records are gone. Otherwise `WAL_POSITION_TRUNCATED`. */
  readonly deliverMissing: boolean
  /** Whether to give out records that came too late. Otherwise `WAL_CORRUPT`. */
  readonly deliverLate: boolean
  /** Aim for backend reads of this size. */
  readonly readBytes: number
  /** Whether waiting for a record keeps the process alive. */
  readonly holds: boolean
}

const STRICT: RecordSourceOptions = {
  deliverMissing: false,
  deliverLate: false,
  readBytes: READ_BYTES,
  holds: true,
}
const NOTHING = { voids: 0, duplicates: 0 }
const AT_END: RecordRun = { records: [], bytes: 0, shared: true }

/** A scanner whose last record is not found looks so often whether the log's end is only slow to show. */
const LOOKS_FOR_SOUGHT = 4
const FIRST_LOOK_MS = 50
/** A backend that names one place again and again, where it has no record, breaks its contract. */
const TRIES_AT_ONE_PLACE = 3

/**
 * Puts the first stages together: catch-up (the backend) and the tail that it shares with other readers, as one sequence
 * without gap or doubling, through the order that the log's writer calls for. It goes over to the tail when that has all
 * that follows the last record counted, and back to the backend, at that record, when it fell out.
 */
export class RecordSource {
  readonly #context: ReadContext
  readonly #signal: AbortSignal
  readonly #options: RecordSourceOptions
  readonly #plan: ReadPlan
  readonly #catchUp: CatchUp
  /** Undefined as long as nobody has written to the log. */
  #order: LogOrder | undefined
  #tail: TailReader | undefined
  #closed = false
  #endTold = false
  /** Where a backend scanner starts as long as the order has no record to resume from. */
  #start: StartPosition
  #started = false
  /** The start is the log's beginning as the log itself names it; the backend's may lie above. */
  #atBeginning: boolean
  #triesAtStart = 0
  /** Records are gone; told with the first one that follows, which says how much. */
  #lost: { readonly after: TimeTick | undefined } | undefined
  /** The last record read in the backend. */
  #seen: MessageId | undefined
  /** What ended it, once everything before has been given out. */
  #failure: { readonly error: unknown } | undefined

  constructor(
    context: ReadContext,
    plan: ReadPlan,
    signal: AbortSignal,
    options: Partial<RecordSourceOptions> = {},
  ) {
    this.#context = context
    this.#plan = plan
    this.#start = plan.start
    this.#atBeginning = plan.atBeginning === true
    this.#signal = signal
    this.#options = { ...STRICT, ...options }
    this.#catchUp = new CatchUp(context, () => this.#begin(), this.#options.readBytes, signal)
    const foreign = plan.foreign !== undefined
    if (foreign || plan.known !== undefined) this.#order = this.#newOrder(foreign)
  }

  /** Last time tick that counted. */
  get timeTick(): TimeTick {
    return this.#order?.timeTick ?? -1n
  }

  /** Whether the record that reading resumed from is still to be found. */
  get seeking(): boolean {
    return this.#order?.sought !== undefined
  }

  /** The last place that this reader knows the log to have had; undefined before the first. */
  get known(): KnownPlace | undefined {
    return this.#order?.sought ?? this.#order?.last
  }

  /** Whether it reads the tail now. */
  get tailing(): boolean {
    return this.#tail !== undefined
  }

  /** Whether the backend failed when it was asked the last time. */
  get failing(): boolean {
    return this.#catchUp.failing
  }

  /** How many records did not count, so far. */
  get passedOver(): LogOrder['passedOver'] {
    return this.#order?.passedOver ?? NOTHING
  }

  /** Rejects with the signal's reason, or with what no retry can mend. One call at a time. */
  async next(): Promise<RecordRun> {
    // A wait at the buffer, and at some backends, is a promise alone: Node would end the process under it.
    const hold = this.#options.holds ? this.#context.runtime.hold?.() : undefined
    try {
      for (;;) {
        this.#signal.throwIfAborted()
        if (this.#failure !== undefined) throw this.#failure.error
        const run = this.#tail === undefined ? await this.#fromBackend() : await this.#fromTail(this.#tail)
        if (run === undefined) continue
        this.#endTold = run === AT_END
        return run
      }
    } finally {
      hold?.clear()
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#order?.close()
    await Promise.all([this.#catchUp.close(), this.#tail?.close()])
  }

  async #fromTail(tail: TailReader): Promise<RecordRun | undefined> {
    const taken = tail.take()
    if (taken === 'evicted') {
      this.#tail = undefined
      await tail.close()
      return undefined
    }
    if (taken === undefined) {
      if (!this.#endTold && tail.atEnd) return AT_END
      await tail.changed()
      return undefined
    }
    const records: LogRecord[] = []
    for (const record of taken.records) this.#order?.take(record, records)
    return records.length === 0 ? undefined : { records, bytes: taken.bytes, shared: true }
  }

  /** Where the backend scanner starts that is about to be opened. */
  #begin(): StartPosition {
    if (this.#started) this.#order?.seekAgain()
    this.#started = true
    const id = this.#order?.resumeId
    return id === undefined ? this.#start : { from: id }
  }

  async #fromBackend(): Promise<RecordRun | undefined> {
    let batch: readonly StoredMessage[] | undefined
    try {
      batch = await this.#catchUp.next()
    } catch (error) {
      if (!isTruncated(error)) throw error
      return this.#goOnWhereKept(error as PositionTruncatedError)
    }
    if (batch === undefined) return undefined
    const records: LogRecord[] = []
    const missing = this.#takeAll(batch, records)
    if (records.length > 0) this.#context.follow(this.timeTick)
    await this.#joinTail(batch.length === 0)
    if (records.length > 0 || missing !== undefined) {
      const late = this.#order instanceof ForeignOrder ? this.#order.takeLateRecords() : undefined
      const bytes = retainedBytes(records)
      return { records, bytes, shared: false, ...(missing && { missing }), ...(late && { late }) }
    }
    if (batch.length > 0 || this.#failure !== undefined) return undefined
    const sought = this.#order?.sought
    if (sought !== undefined) await this.#assertMoreFollows(sought)
    else if (!this.#endTold && this.#tail === undefined) return AT_END
    return undefined
  }

  /** Through the order into `records`. What fails in the middle waits until those before are given out. */
  #takeAll(batch: readonly StoredMessage[], records: LogRecord[]): MissingRecords | undefined {
    const { where, ids } = this.#context
    let missing: MissingRecords | undefined
    try {
      for (const stored of batch) {
        const record = decodeRecord(stored, where, ids)
        this.#order ??= this.#newOrder(isForeign(record))
        this.#order.take(record, records)
        if (this.#lost !== undefined && (records.length > 0 || isForeign(record)))
          missing = this.#tellLost(record)
      }
    } catch (error) {
      this.#failure = { error }
    }
    this.#seen = batch[batch.length - 1]?.id ?? this.#seen
    return missing
  }

  async #joinTail(atEnd: boolean): Promise<void> {
    const { tail } = this.#context
    const order = this.#order
    if (tail === undefined || !order?.mayTail || this.#lost !== undefined || this.#failure !== undefined)
      return
    const reader = await tail.join(order, atEnd, this.#signal)
    if (reader === undefined) return
    if (this.#closed) return reader.close()
    this.#tail = reader
    await this.#catchUp.close()
  }

  /**
   * The backend has nothing more to read now, and the record that reading resumed from was not found. When the log's end
   * lies behind what was read, that record may yet come. Otherwise the log lost its end: rejects with
   * `WAL_LOG_ROLLED_BACK`. An end below the record may only be slow to show (a broker between two leaders), so it is
   * looked at several times.
   */
  async #assertMoreFollows({ timeTick }: KnownPlace): Promise<void> {
    const { ids, runtime, where } = this.#context
    for (let looks = 1; ; looks++) {
      // A writer knows its log's end by heart, and may not know that the log lost it.
      const end = await this.#context.end(this.#signal, true)
      const start = this.#start
      const reached = this.#seen ?? (typeof start === 'object' ? start.from : undefined)
      const order = end.lastId === undefined || reached === undefined ? -1 : ids.compare(end.lastId, reached)
      if (order > 0 || (order === 0 && this.#seen === undefined)) return
      if (end.timeTick >= timeTick || looks === LOOKS_FOR_SOUGHT)
        throw new LogRolledBackError(
          `${where}: records up to time tick ${timeTick} were acknowledged and are gone; the log ends at time tick ${end.timeTick}, in another record. It lost its end, in a failover or because an older copy of it was restored.`,
        )
      await sleep(runtime, FIRST_LOOK_MS * 2 ** looks, this.#signal)
    }
  }

  /** The record that comes next is gone. */
  async #goOnWhereKept(error: PositionTruncatedError): Promise<RecordRun | undefined> {
    if (await this.#startsAtBeginning()) return undefined
    if (!this.#options.deliverMissing) throw error
    return this.#goOnBehindGap(error)
  }

  /**
   * A start may be freed without anything missing. A message that was sent more than once has a position that begins at a
   * record before it, which a truncation up to that message frees. And a log begins above the truncation point that it
   * names when the storage was freed before that could be stored.
   */
  async #startsAtBeginning(): Promise<boolean> {
    const order = this.#order
    if (order?.resumeId !== undefined) return false
    if (this.#atBeginning) {
      this.#atBeginning = false
      this.#start = 'oldest'
      order?.skip(undefined)
      return true
    }
    const { truncation } = await this.#context.end(this.#signal)
    if (truncation === undefined || truncation.timeTick > this.timeTick) return false
    const id = this.#context.ids.parse(truncation.id)
    if (typeof this.#start !== 'object' || this.#context.ids.compare(this.#start.from, id) >= 0) return false
    this.#start = { from: id }
    return true
  }

  /** Behind the truncation point, if that is why records are gone, else at the first record kept behind them. */
  async #goOnBehindGap(error: PositionTruncatedError): Promise<RecordRun | undefined> {
    const { ids } = this.#context
    const order = this.#order
    const { truncation } = await this.#context.end(this.#signal)
    const after = order === undefined || order.timeTick < 0n ? undefined : order.timeTick
    if (order !== undefined && truncation !== undefined && truncation.timeTick > order.timeTick) {
      order.skip(truncation)
      this.#start = { from: ids.parse(truncation.id) }
      this.#lost = undefined
      return { records: [], bytes: 0, shared: false, missing: missingUpTo(truncation, after) }
    }
    const kept = error.oldest === undefined ? undefined : ids.parse(error.oldest)
    // Nothing is kept behind it yet; or the beginning went away again before it was read, as under a truncation.
    if (kept === undefined || this.#triesAtBeginning()) {
      await this.#catchUp.backOff()
      return undefined
    }
    const start = this.#start
    if (typeof start === 'object' && ids.compare(kept, start.from) <= 0) {
      if (++this.#triesAtStart === TRIES_AT_ONE_PLACE) throw error
      await this.#catchUp.backOff()
      return undefined
    }
    this.#triesAtStart = 0
    this.#start = { from: kept }
    order?.skip(undefined)
    this.#lost ??= { after }
    return undefined
  }

  /** Whether the log's beginning is worth another try, where nothing was read yet. */
  #triesAtBeginning(): boolean {
    return this.#start === 'oldest' && this.#seen === undefined && ++this.#triesAtStart < TRIES_AT_ONE_PLACE
  }

  #tellLost({ id, term, incarnation, timeTick }: LogRecord): MissingRecords {
    const after = this.#lost?.after
    this.#lost = undefined
    const writer = { term, incarnation }
    const lastConfirmed = this.#context.ids.serialise(id)
    const resumeAt = { lastConfirmed, writer, timeTick: after ?? 0n, gap: true } as const
    return { reason: 'lost', after, before: timeTick, resumeAt }
  }

  #newOrder(foreign: boolean): LogOrder {
    const { known, resumed } = this.#plan
    if (!foreign) return new OwnOrder(this.#context, known, resumed)
    const { foreign: start = FOREIGN_BEGINNING } = this.#plan
    return new ForeignOrder(this.#context, start, this.#options.deliverLate)
  }
}
