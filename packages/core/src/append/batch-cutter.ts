import { type Limits, MESSAGE_TYPE, type TimeTick } from '@wal/walimpls'
import type { NewMessage } from '../api/wal.js'
import { AppendTask, type TickOwner } from '../message/append-task.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import { checkedMessage, partsBehind } from '../message/new-message.js'
import { RecordArena } from '../message/record-arena.js'
import type { RecordDraft } from '../message/record-draft.js'
import type { Stamp } from '../message/stamp.js'
import type { HybridClock } from '../time-tick/hybrid-clock.js'
import { TimeTickRun } from '../time-tick/time-tick-run.js'
import { CutRecords } from './cut-records.js'
import { MAX_SEALED_RECORDS, Sealing } from './seal/sealing.js'
import { SEALS } from './seal/seals.js'
import { TaskQueue } from './task-queue.js'

/** Time ticks of one batch, and of the rest of its last message, are consecutive and must fit the logical counter. */
const MAX_BATCH_RECORDS = 1 << 16
const NO_BYTES = new Uint8Array(0)

export interface BatchCutterOptions {
  readonly clock: HybridClock
  readonly stamp: Stamp
  readonly batchBytes: number
  readonly nextSequence: number
}

/** What a batch is cut for. */
export interface Cut {
  readonly limits: Limits
  /** The record up to which the log is acknowledged: its id, serialised, and its time tick. */
  readonly lastAckedBefore: string
  readonly lastAckedTickBefore: TimeTick
  /** A seal refused a message, which is not in the batch. */
  readonly refused: (task: AppendTask, error: unknown) => void
}

/** The records of a message that found no room in the batch in which its first ones went. */
interface Rest {
  readonly task: AppendTask
  readonly records: readonly SealedBytes[]
  readonly firstTimeTick: TimeTick
}

interface SealedBytes {
  readonly record: RecordDraft
  readonly bytes: number
}

/** The ordered queue, and the scissors: this is where a message gets its time tick, its stamp and its sequence. */
export class BatchCutter {
  readonly #queue = new TaskQueue()
  readonly #clock: HybridClock
  readonly #stamp: Stamp
  readonly #sealing: Sealing
  readonly #batchBytes: number
  readonly #run = new TimeTickRun()
  #rest: Rest | undefined
  #sequence: number
  readonly #arena = new RecordArena()
  /** Charged bytes of what is queued; all of a message's as long as there is a rest of it. */
  queuedBytes = 0
  /** Last time tick given out; −1 before the first. */
  lastAllocated: TimeTick = -1n

  constructor({ clock, stamp, batchBytes, nextSequence }: BatchCutterOptions) {
    this.#clock = clock
    this.#stamp = stamp
    this.#sealing = new Sealing(SEALS, this.#arena, stamp)
    this.#batchBytes = batchBytes
    this.#sequence = nextSequence
  }

  get empty(): boolean {
    return this.oldest === undefined
  }

  get oldest(): AppendTask | undefined {
    return this.#rest?.task ?? this.#queue.peek()
  }

  /** Checks a message (`WAL_INVALID_ARGUMENT`) and copies it into a slab of ours. It counts for nothing until it is queued. */
  take(message: NewMessage, barrierTimeTick?: TimeTick): AppendTask {
    const checked = checkedMessage(message)
    const { vchannel, type } = checked
    const stampBytes = this.#stamp.bytesOf(type)
    if (barrierTimeTick === undefined) this.#arena.writeMessage(checked, stampBytes)
    else this.#arena.write(partsBehind(checked, barrierTimeTick), stampBytes)
    return new AppendTask(this.#arena, vchannel, type)
  }

  /** The same of a time tick: what it says is asked for again when it is cut. */
  takeTick(tick: TickOwner): AppendTask {
    this.#writeTick(tick)
    const task = new AppendTask(this.#arena, '', MESSAGE_TYPE.TimeTick)
    task.tick = tick
    return task
  }

  push(task: AppendTask): void {
    this.#queue.push(task)
    this.queuedBytes += task.charged
  }

  /** A queued task gave up. */
  abandon(task: AppendTask): void {
    this.queuedBytes -= task.charged
    this.#queue.passOver()
  }

  /** What is queued, for an end that has to reject it. */
  queued(): AppendTask[] {
    const queued = this.#queue.toArray()
    return this.#rest === undefined ? queued : [this.#rest.task, ...queued]
  }

  /** Whether a message of which a part was cut goes on with the next batch. */
  get hasRest(): boolean {
    return this.#rest !== undefined
  }

  /** What is left of this message, if there is a rest of it, will never be cut. Answers what the budget was charged for it. */
  dropRest(task: AppendTask | undefined): number {
    if (task === undefined || this.#rest?.task !== task) return 0
    this.#takeRest()
    return task.charged
  }

  /** Undefined when nothing is queued, or seals refused all of it. */
  cut(cut: Cut): BatchInFlight | undefined {
    const records = this.#newRecords(cut.limits)
    const rest = this.#takeRest()
    if (rest !== undefined) return this.#cutRest(rest, records, cut)
    const run = this.#run
    let firstTimeTick: TimeTick = -1n
    let charged = 0
    for (let task = this.#queue.peek(); task !== undefined; task = this.#queue.peek()) {
      // The last time tick in the log says where the log begins: one made before a truncation must not lie behind it.
      if (task.tick !== undefined) this.#renew(task, task.tick)
      if (!records.hasRoom(task.bytes)) break
      if (firstTimeTick < 0n) {
        firstTimeTick = this.#clock.next(MAX_BATCH_RECORDS + MAX_SEALED_RECORDS)
        run.start(firstTimeTick)
      }
      this.#queue.shift()
      this.queuedBytes -= task.charged
      if (task.tick === undefined && !this.#sealing.empty) {
        charged += this.#seal(task, records, cut)
        if (this.#rest !== undefined) break
        continue
      }
      task.index = records.count
      task.state = 'sent'
      records.add(task, task, task.bytes + this.#stamp.fill(task, run, ''))
      run.advance()
      charged += task.charged
      task.tick?.sent()
    }
    if (records.count === 0) return undefined
    this.#clock.use(records.count + this.#restLength)
    return this.#batch(records, { ...cut, firstTimeTick, charged })
  }

  /** Adds the records that seals make of a message, as many as there is room for. Answers what is charged for them. */
  #seal(task: AppendTask, records: CutRecords, { lastAckedBefore, refused }: Cut): number {
    const run = this.#run
    const firstTimeTick = run.timeTick
    const sealed = this.#sealing.seal(task, run)
    if ('refuse' in sealed) {
      refused(task, sealed.refuse)
      return 0
    }
    const { length } = sealed
    const lastConfirmed = length === 1 ? '' : lastAckedBefore
    const stamped = sealed.map((record) => {
      const bytes = record.bytes + this.#stamp.fill(record, run, lastConfirmed)
      run.advance()
      return { record, bytes }
    })
    if (length > 1) {
      const lastTimeTick = firstTimeTick + BigInt(length - 1)
      task.split = { lastTimeTick, lastConfirmed, firstId: undefined }
    }
    task.index = records.count
    task.state = 'sent'
    return this.#add({ task, records: stamped, firstTimeTick }, records)
  }

  /** What is left of the message whose first records went in the batch before. */
  #cutRest(rest: Rest, records: CutRecords, cut: Cut): BatchInFlight {
    const { firstTimeTick } = rest
    rest.task.index = 0
    const charged = this.#add(rest, records)
    return this.#batch(records, { ...cut, firstTimeTick, charged })
  }

  #takeRest(): Rest | undefined {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.queuedBytes -= rest.task.charged
    return rest
  }

  /** Adds records of one message, and keeps the others as the rest. Charged is a message with its last record. */
  #add({ task, records: all, firstTimeTick }: Rest, records: CutRecords): number {
    for (let i = 0; i < all.length; i++) {
      const { record, bytes } = all[i] as SealedBytes
      if (!records.hasRoom(record.bytes)) {
        this.#rest = { task, records: all.slice(i), firstTimeTick: firstTimeTick + BigInt(i) }
        this.queuedBytes += task.charged
        return 0
      }
      records.add(task, record, bytes)
    }
    return task.charged
  }

  #batch(
    records: CutRecords,
    cut: Pick<Cut, 'lastAckedBefore' | 'lastAckedTickBefore'> & {
      readonly firstTimeTick: TimeTick
      readonly charged: number
    },
  ): BatchInFlight {
    const { firstTimeTick, charged, lastAckedBefore, lastAckedTickBefore } = cut
    const { tasks } = records
    this.lastAllocated = firstTimeTick + BigInt(tasks.length - 1)
    const batch = records.batch(this.#sequence)
    this.#sequence += batch.count
    return {
      batch,
      tasks,
      firstTimeTick,
      charged,
      lastAckedBefore,
      lastAckedTickBefore,
      maybeWritten: false,
      confirmed: false,
      sentAt: undefined,
      attempts: 0,
      outcome: undefined,
    }
  }

  #newRecords({ maxBatchBytes, maxBatchMessages }: Limits): CutRecords {
    return new CutRecords({
      bytes: Math.min(maxBatchBytes, this.#batchBytes),
      records: Math.min(maxBatchMessages, MAX_BATCH_RECORDS),
    })
  }

  /** A message's records have consecutive time ticks, those in the next batch as well. */
  get #restLength(): number {
    return this.#rest?.records.length ?? 0
  }

  #renew(task: AppendTask, tick: TickOwner): void {
    this.#writeTick(tick)
    task.become(this.#arena)
  }

  #writeTick(tick: TickOwner): void {
    const parts = { payload: NO_BYTES, vchannel: '', properties: tick.properties() }
    this.#arena.write(parts, this.#stamp.bytesOf(MESSAGE_TYPE.TimeTick))
  }
}
