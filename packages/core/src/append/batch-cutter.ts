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
  /** Serialised id and time tick of the last record that was acknowledged before the batch is cut. */
  readonly lastAckedBefore: string
  readonly lastAckedTickBefore: TimeTick
  /** Called for a message that a seal refused: the message is not in the batch. */
  readonly refused: (task: AppendTask, error: unknown) => void
}

/** The last records of a message whose first records filled a batch: they are the beginning of the next batch. */
interface Rest {
  readonly task: AppendTask
  readonly records: readonly SealedBytes[]
  readonly firstTimeTick: TimeTick
}

interface SealedBytes {
  readonly record: RecordDraft
  readonly bytes: number
}

/**
 * Holds admitted tasks in order and makes batches of them. A record gets its time tick here and not earlier, so that time
 * ticks rise in the order in which records are stored: of a task queued as the third, the time tick is never below the
 * second's, however long either waited before.
 */
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
  /**
   * What the budget was charged for the tasks in the queue, and for a message whose last records are still to be cut: such a
   * message counts whole until its last record is in a batch.
   */
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

  /** Checks a message (`WAL_INVALID_ARGUMENT`) and copies it into a slab. The copy counts for nothing until it is queued. */
  copy(message: NewMessage, barrierTimeTick?: TimeTick): AppendTask {
    const checked = checkedMessage(message)
    const { vchannel, type } = checked
    const stampBytes = this.#stamp.bytesOf(type)
    if (barrierTimeTick === undefined) this.#arena.writeMessage(checked, stampBytes)
    else this.#arena.write(partsBehind(checked, barrierTimeTick), stampBytes)
    return new AppendTask(this.#arena, vchannel, type)
  }

  /** Drafts a time tick. Its properties are asked for again when the batch is cut, since they may have changed by then. */
  draftTick(tick: TickOwner): AppendTask {
    this.#writeTick(tick)
    const task = new AppendTask(this.#arena, '', MESSAGE_TYPE.TimeTick)
    task.tick = tick
    return task
  }

  push(task: AppendTask): void {
    this.#queue.push(task)
    this.queuedBytes += task.charged
  }

  /** The owner of a queued task waits no longer: the task gets into no batch. */
  abandon(task: AppendTask): void {
    this.queuedBytes -= task.charged
    this.#queue.passOver()
  }

  /** All queued tasks: the end of the writer has to reject them. */
  queued(): AppendTask[] {
    const queued = this.#queue.toArray()
    return this.#rest === undefined ? queued : [this.#rest.task, ...queued]
  }

  /** Whether the last records of a message are still to be cut: they are the beginning of the next batch. */
  get hasRest(): boolean {
    return this.#rest !== undefined
  }

  /** Drops the records of this message that are still to be cut, if there are any. Answers what the budget was charged for it. */
  dropRest(task: AppendTask | undefined): number {
    if (task === undefined || this.#rest?.task !== task) return 0
    this.#takeRest()
    return task.charged
  }

  /** The next batch. Undefined when nothing is queued, or when seals refused all that was. */
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
    return this.#batch(records, cut, { firstTimeTick, charged })
  }

  /**
   * Adds as many of the records that seals make of a message as there is room for. Answers what the budget was charged for
   * them.
   */
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

  /** Makes a batch of the last records of a message whose first records went into the batch before. */
  #cutRest(rest: Rest, records: CutRecords, cut: Cut): BatchInFlight {
    const { firstTimeTick } = rest
    rest.task.index = 0
    const charged = this.#add(rest, records)
    return this.#batch(records, cut, { firstTimeTick, charged })
  }

  #takeRest(): Rest | undefined {
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.queuedBytes -= rest.task.charged
    return rest
  }

  /** Adds records of one message, and keeps those without room as the rest. A message is charged with its last record. */
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
    { lastAckedBefore, lastAckedTickBefore }: Cut,
    { firstTimeTick, charged }: Pick<BatchInFlight, 'firstTimeTick' | 'charged'>,
  ): BatchInFlight {
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

  /** The records of one message have consecutive time ticks, so those for the next batch get theirs now, too. */
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
