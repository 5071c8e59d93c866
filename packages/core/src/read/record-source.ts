import type { MessageId, PositionTruncatedError, StartPosition, StoredMessage, TimeTick } from '@wal/walimpls'
import { isTruncated } from '../log/classify.js'
import type { KnownPlace } from '../log/known-place.js'
import { decodeRecord, isForeign, type LogRecord } from '../log/log-record.js'
import { MissedTick } from '../log/missed-tick.js'
import { READ_BYTES } from '../log/read-sizes.js'
import { assertMoreFollows } from './assert-more-follows.js'
import { CatchUp } from './catch-up.js'
import { LogReading } from './log-reading.js'
import type { TailReader } from './log-tail.js'
import type { MissingRecords } from './missing-records.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import { retainedBytes } from './retained-bytes.js'
import type { Unit } from './stage/read-stage.js'
import type { PassedOver } from './stage/reading.js'
import { StartPoint } from './start-point.js'

/**
 * Units (messages and time ticks) in the order in which users get them. A list that is empty, without `missing`, means that the
 * log's end was reached.
 */
export interface UnitRun {
  readonly units: readonly Unit[]
  /** How many bytes stay in memory as long as one of the units is kept. */
  readonly bytes: number
  /** Whether other readers are given the same objects, which must not be changed then. */
  readonly shared: boolean
  /** The gap that lies right before the first unit. */
  readonly missing?: MissingRecords
}

export interface RecordSourceOptions {
  readonly signal: AbortSignal
  /** Whether records that belong together become one unit. Otherwise each record that counts is a unit. */
  readonly assembles: boolean
  /** Whether the reader goes on behind a gap. Otherwise a gap ends it with `WAL_POSITION_TRUNCATED`. */
  readonly deliverMissing: boolean
  /**
   * Whether a record that was stored too late for its place in the order is delivered. Otherwise it ends the reader with
   * `WAL_CORRUPT`.
   */
  readonly deliverLate: boolean
  /** How many bytes to ask the backend for at a time. */
  readonly readBytes: number
  /** Whether the Node process stays alive while this reader waits for a record. */
  readonly holds: boolean
}

const STRICT = {
  assembles: false,
  deliverMissing: false,
  deliverLate: false,
  readBytes: READ_BYTES,
  holds: true,
}
const NOTHING: PassedOver = { voids: 0, duplicates: 0 }
const NO_UNITS = { units: [] }
const AT_END: UnitRun = { units: [], bytes: 0, shared: true }

/**
 * Reads a log from the backend first (catch-up), and from a tail that many readers share once the tail holds everything behind
 * the last record read; the reader goes back to the backend when the tail has dropped records that the reader still needs. No
 * record is lost or read twice by the change. All records pass the stages.
 */
export class RecordSource {
  readonly #context: ReadContext
  readonly #options: RecordSourceOptions
  readonly #plan: ReadPlan
  readonly #catchUp: CatchUp
  readonly #start: StartPoint
  /** Undefined until a record shows which system wrote the log. */
  #reading: LogReading | undefined
  #tail: TailReader | undefined
  #closed = false
  #endTold = false
  #started = false
  /** The last record that the backend gave. */
  #seen: MessageId | undefined
  readonly #missed: MissedTick
  /** Set when the backend has passed over records, until what lies before them was given out. */
  #gap: PositionTruncatedError | undefined
  /** The error that ends the reader; it is told once everything before it was given out. */
  #failure: { readonly error: unknown } | undefined

  constructor(
    context: ReadContext,
    plan: ReadPlan,
    options: Partial<RecordSourceOptions> & { readonly signal: AbortSignal },
  ) {
    this.#context = context
    this.#plan = plan
    this.#options = { ...STRICT, ...options }
    this.#start = new StartPoint(context, plan, this.#options)
    this.#missed = new MissedTick(context, undefined)
    this.#catchUp = new CatchUp(context, () => this.#begin(), this.#options)
    if (plan.kind !== 'undecided') this.#reading = this.#newReading(plan.kind === 'foreign')
  }

  /** Everything up to this time tick was given out. */
  get timeTick(): TimeTick {
    return this.#reading?.timeTick ?? -1n
  }

  /** Whether the reader has not yet found again the record from which it resumed. */
  get seeking(): boolean {
    return this.#reading?.bookmark.sought !== undefined
  }

  /** The last record that this reader has read, or resumed from; undefined before the first. */
  get known(): KnownPlace | undefined {
    const bookmark = this.#reading?.bookmark
    return bookmark?.sought ?? bookmark?.last
  }

  /** Whether the reader reads from the shared tail at present. */
  get tailing(): boolean {
    return this.#tail !== undefined
  }

  /** Whether the last request to the backend failed. */
  get failing(): boolean {
    return this.#catchUp.failing
  }

  /** How many records were dropped so far, as void or as second copies. */
  get passedOver(): Readonly<PassedOver> {
    return this.#reading?.passedOver ?? NOTHING
  }

  /** The next units. Rejects with the signal's reason, or with an error that no retry can mend. One call at a time. */
  async next(): Promise<UnitRun> {
    // While a reader waits, nothing but a promise may be pending. Without this, Node would end the process.
    const hold = this.#options.holds ? this.#context.runtime.hold?.() : undefined
    try {
      for (;;) {
        this.#options.signal.throwIfAborted()
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
    this.#reading?.close()
    await Promise.all([this.#catchUp.close(), this.#tail?.close()])
  }

  async #fromTail(tail: TailReader): Promise<UnitRun | undefined> {
    const run = tail.read()
    if (run === 'evicted') {
      this.#tail = undefined
      await tail.close()
      return undefined
    }
    if (run === undefined) {
      if (!this.#endTold && tail.atEnd) return AT_END
      await tail.changed()
      return undefined
    }
    const { units } = this.#pass(run.records)
    return units.length === 0 ? undefined : { units, bytes: run.bytes, shared: true }
  }

  /** Where the backend scanner that is about to be opened has to start. */
  #begin(): StartPosition {
    const bookmark = this.#reading?.bookmark
    if (this.#started) bookmark?.seekAgain()
    this.#started = true
    const id = bookmark?.resumeId
    this.#missed.begin(id ?? this.#start.first)
    return id === undefined ? this.#start.place : { from: id }
  }

  async #fromBackend(): Promise<UnitRun | undefined> {
    let page: readonly StoredMessage[] | undefined
    const gap = this.#gap
    if (gap !== undefined) {
      this.#gap = undefined
      return this.#passGap(gap)
    }
    try {
      page = await this.#catchUp.next()
    } catch (error) {
      if (!isTruncated(error)) throw error
      return this.#passGap(error as PositionTruncatedError)
    }
    if (page === undefined) return undefined
    const { units, missing } = this.#pass(this.#upToMissed(this.#decode(page)))
    // The scanner stands behind the missing records. Another one starts where the reader goes on.
    if (this.#gap !== undefined) await this.#catchUp.close()
    if (units.length > 0) this.#context.follow(this.timeTick)
    await this.#joinTail(page.length === 0)
    if (units.length > 0 || missing !== undefined)
      return { units, bytes: retainedBytes(units), shared: false, ...(missing && { missing }) }
    if (page.length > 0 || this.#failure !== undefined) return undefined
    return this.#atEnd()
  }

  /** Handles the backend's answer that no record follows. */
  async #atEnd(): Promise<UnitRun | undefined> {
    const sought = this.#reading?.bookmark.sought
    if (sought !== undefined) {
      const reading = { sought, seen: this.#seen, began: this.#start.id }
      await assertMoreFollows(reading, this.#context, this.#options.signal)
      return undefined
    }
    return this.#endTold || this.#tail !== undefined ? undefined : AT_END
  }

  /** A record that cannot be decoded ends the reader, once the records before it were given out. */
  #decode(page: readonly StoredMessage[]): readonly LogRecord[] {
    const records: LogRecord[] = []
    this.#seen = page[page.length - 1]?.id ?? this.#seen
    try {
      for (const stored of page) records.push(decodeRecord(stored, this.#context))
    } catch (error) {
      this.#failure = { error }
    }
    return records
  }

  /** The records before the first place at which the backend has passed over some. */
  #upToMissed(records: readonly LogRecord[]): readonly LogRecord[] {
    for (let i = 0; i < records.length; i++) {
      this.#gap = this.#missed.see(records[i] as LogRecord)
      if (this.#gap === undefined) continue
      // A damaged record on the same page lies behind this place.
      this.#failure = undefined
      return records.slice(0, i)
    }
    return records
  }

  #pass(records: readonly LogRecord[]): Pick<UnitRun, 'units' | 'missing'> {
    const [first] = records
    if (first === undefined) return NO_UNITS
    this.#reading ??= this.#newReading(isForeign(first))
    const { timeTick } = this.#reading
    const counted = this.#reading.count(records)
    const units = this.#reading.assemble(counted)
    this.#failure = this.#reading.ended ?? this.#failure
    if (!this.#start.isBehindGap) return { units }
    // A record of another system's log may be delivered later than it is read, so the gap is told before any record behind it.
    const told = isForeign(first) ? first : counted.find((record) => record.timeTick > timeTick)
    return told === undefined ? { units } : { units, missing: this.#start.tellLost(told) }
  }

  async #joinTail(atEnd: boolean): Promise<void> {
    const { tail } = this.#context
    const bookmark = this.#reading?.bookmark
    if (tail === undefined || !bookmark?.mayTail || this.#start.isBehindGap) return
    if (this.#failure !== undefined || this.#gap !== undefined) return
    const reader = await tail.join(bookmark, atEnd, this.#options.signal)
    if (reader === undefined) return
    if (this.#closed) return reader.close()
    this.#tail = reader
    await this.#catchUp.close()
  }

  /** Handles the backend's answer that the next record is gone. */
  async #passGap(error: PositionTruncatedError): Promise<UnitRun | undefined> {
    const missing = await this.#start.passGap({ error, reading: this.#reading, seen: this.#seen })
    if (missing === 'later') await this.#catchUp.backOff()
    return typeof missing === 'object' ? { units: [], bytes: 0, shared: false, missing } : undefined
  }

  #newReading(isForeign: boolean): LogReading {
    const { assembles, deliverLate } = this.#options
    return new LogReading(this.#context, this.#plan, { isForeign, assembles, deliverLate })
  }
}
