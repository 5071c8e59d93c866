import type { MessageId, StoredMessage, TimeTick } from '@wal/walimpls'
import { isTruncated } from '../errors/classify.js'
import { CatchUp } from './catch-up.js'
import { FOREIGN_BEGINNING, ForeignOrder, type LateRecord } from './foreign-order.js'
import type { LogOrder } from './log-order.js'
import { decodeRecord, isForeign, type LogRecord } from './log-record.js'
import { type MissingRecords, missingUpTo } from './missing-records.js'
import { OwnOrder } from './own-order.js'
import { READ_BYTES, type ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import { Tailing } from './tailing.js'

/** Records that count, in order of delivery; none, and nothing missing, when the end is met. */
export interface RecordRun {
  readonly records: readonly LogRecord[]
  /** Other readers have them too. */
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
}

const STRICT: RecordSourceOptions = { deliverMissing: false, deliverLate: false, readBytes: READ_BYTES }
const NOTHING = { voids: 0, duplicates: 0 }
const AT_END: RecordRun = { records: [], shared: true }

/**
 * Puts the first stages together: catch-up (the backend) and tailing (the write-ahead buffer) as one sequence without
 * gap or doubling, through the order that the log's writer calls for. It goes over to the buffer when the buffer has
 * everything above the last time tick counted, and back to the backend, behind the last record seen, when it fell out.
 */
export class RecordSource {
  readonly #context: ReadContext
  readonly #plan: ReadPlan
  readonly #signal: AbortSignal
  readonly #options: RecordSourceOptions
  readonly #catchUp: CatchUp
  /** Undefined as long as nobody has written to the log. */
  #order: LogOrder | undefined
  #tail: Tailing | undefined
  /** The last record that came out came from the buffer. */
  #tailed = false
  #endTold = false
  /** Records are gone; told with the first one that follows, which says how much. */
  #lost: { readonly after: TimeTick | undefined } | undefined
  /** The last record seen in the backend, and after a gap the one behind which it goes on. */
  #seen: MessageId | undefined
  #skipTo: MessageId | undefined
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
    this.#signal = signal
    this.#options = { ...STRICT, ...options }
    this.#catchUp = new CatchUp(context, plan.start, this.#options.readBytes, signal)
    const foreign = plan.foreign !== undefined
    if (foreign || plan.known !== undefined) this.#order = this.#newOrder(foreign)
  }

  /** Last time tick that counted. */
  get timeTick(): TimeTick {
    return this.#order?.timeTick ?? -1n
  }

  /** Whether it reads the write-ahead buffer now. */
  get tailing(): boolean {
    return this.#tail !== undefined
  }

  /** How many records did not count, so far. */
  get passedOver(): LogOrder['passedOver'] {
    return this.#order?.passedOver ?? NOTHING
  }

  /** Rejects with the signal's reason, or with what no retry can mend. One call at a time. */
  async next(): Promise<RecordRun> {
    for (;;) {
      this.#signal.throwIfAborted()
      if (this.#failure !== undefined) throw this.#failure.error
      const run = this.#tail === undefined ? await this.#fromBackend() : await this.#fromBuffer(this.#tail)
      if (run === undefined) continue
      this.#endTold = run === AT_END
      return run
    }
  }

  async close(): Promise<void> {
    this.#order?.close()
    await this.#catchUp.close()
  }

  async #fromBuffer(tail: Tailing): Promise<RecordRun | undefined> {
    const taken = tail.take()
    if (taken === 'evicted') {
      this.#tail = undefined
      if (this.#tailed) this.#order?.meetAgain()
      this.#tailed = false
      return undefined
    }
    if (taken === undefined) {
      if (!this.#endTold) return AT_END
      await tail.changed()
      return undefined
    }
    const records: LogRecord[] = []
    for (const record of taken) this.#order?.take(record, records)
    const { ids } = this.#context
    const last = taken[taken.length - 1]
    // Where none counts, a newer writer's were met before: its next ones may lie before these, which are void.
    if (last !== undefined && records.length > 0) {
      this.#catchUp.startAt({ from: last.lastConfirmed === '' ? last.id : ids.parse(last.lastConfirmed) })
      this.#tailed = true
    }
    return records.length === 0 ? undefined : { records, shared: true }
  }

  async #fromBackend(): Promise<RecordRun | undefined> {
    let batch: readonly StoredMessage[] | undefined
    try {
      batch = await this.#catchUp.next()
    } catch (error) {
      if (!isTruncated(error)) throw error
      if (await this.#startedTooEarly()) return undefined
      if (!this.#options.deliverMissing) throw error
      return this.#goOnBehindGap()
    }
    if (batch === undefined) return undefined
    const records: LogRecord[] = []
    const missing = this.#takeAll(batch, records)
    if (records.length > 0) this.#context.follow(this.timeTick)
    await this.#switchToBuffer()
    if (records.length > 0 || missing !== undefined) {
      const late = this.#order instanceof ForeignOrder ? this.#order.takeLateRecords() : undefined
      return { records, shared: false, ...(missing && { missing }), ...(late && { late }) }
    }
    return batch.length === 0 && !this.#endTold && this.#tail === undefined ? AT_END : undefined
  }

  /** Through the order into `records`. What fails in the middle waits until those before are given out. */
  #takeAll(batch: readonly StoredMessage[], records: LogRecord[]): MissingRecords | undefined {
    const { where, ids } = this.#context
    let missing: MissingRecords | undefined
    try {
      for (const stored of batch) {
        if (this.#skipTo !== undefined && ids.compare(stored.id, this.#skipTo) <= 0) continue
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

  async #switchToBuffer(): Promise<void> {
    const { buffer } = this.#context
    const order = this.#order
    if (buffer === undefined || !order?.mayTail || this.#lost !== undefined || this.#failure !== undefined)
      return
    if (!buffer.covers(order.timeTick)) return
    this.#tail = new Tailing(buffer, order.timeTick, this.#signal)
    await this.#catchUp.close()
  }

  /**
   * What was sent more than once is met from a place before it. That place may be freed by a truncation that reaches no
   * further than what came out: then nothing is missing, and reading begins where the log does.
   */
  async #startedTooEarly(): Promise<boolean> {
    const { truncation } = await this.#context.end(this.#signal)
    if (truncation === undefined || truncation.timeTick > this.timeTick) return false
    return this.#catchUp.startNotBefore(this.#context.ids.parse(truncation.id))
  }

  /** The next record is gone: behind the truncation point, if that is why, else at the oldest one kept. */
  async #goOnBehindGap(): Promise<RecordRun | undefined> {
    const order = this.#order
    // It is the oldest record that was asked for, or that already went away again before it was read.
    const again = this.#lost !== undefined || (this.#plan.start === 'oldest' && this.#seen === undefined)
    if (again || order === undefined) {
      await this.#catchUp.backOff()
      return undefined
    }
    const { truncation } = await this.#context.end(this.#signal)
    const after = order.timeTick < 0n ? undefined : order.timeTick
    this.#skipTo = this.#seen
    if (truncation !== undefined && truncation.timeTick > order.timeTick) {
      order.skip(truncation)
      this.#catchUp.startAt({ from: this.#context.ids.parse(truncation.id) })
      return { records: [], shared: false, missing: missingUpTo(truncation, after) }
    }
    order.skip(undefined)
    this.#lost = { after }
    this.#catchUp.startAt('oldest')
    return undefined
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
