import type { Limits, TimeTick, WireMessage } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import type { Stamp } from '../message/stamp.js'
import type { HybridClock } from '../time-tick/hybrid-clock.js'
import { TimeTickRun } from '../time-tick/time-tick-run.js'
import { TaskQueue } from './task-queue.js'

/** No less than what the stamp adds to a message on the wire. */
const STAMP_BYTES = 160
/** Time ticks of one batch are consecutive and must fit the logical counter. */
const MAX_BATCH_MESSAGES = 1 << 16

/** The ordered queue, and the scissors: this is where a message gets its time tick, its stamp and its sequence. */
export class BatchCutter {
  readonly #queue = new TaskQueue()
  readonly #clock: HybridClock
  readonly #stamp: Stamp
  readonly #batchBytes: number
  #sequence: number
  /** Charged bytes of what is queued. */
  queuedBytes = 0
  /** Last time tick given out; −1 before the first. */
  lastAllocated: TimeTick = -1n

  constructor(options: { clock: HybridClock; stamp: Stamp; batchBytes: number; nextSequence: number }) {
    this.#clock = options.clock
    this.#stamp = options.stamp
    this.#batchBytes = options.batchBytes
    this.#sequence = options.nextSequence
  }

  get empty(): boolean {
    return this.oldest === undefined
  }

  get oldest(): AppendTask | undefined {
    return this.#queue.peek()
  }

  push(task: AppendTask): void {
    this.#queue.push(task)
    this.queuedBytes += task.bytes
  }

  /** A queued task gave up. */
  abandon(task: AppendTask): void {
    this.queuedBytes -= task.bytes
    this.#queue.passOver()
  }

  /** What is queued, for an end that has to reject it. */
  queued(): AppendTask[] {
    return this.#queue.toArray()
  }

  cut(limits: Limits, lastAckedBefore: string, lastAckedTickBefore: TimeTick): BatchInFlight | undefined {
    const maxBytes = Math.min(limits.maxBatchBytes, this.#batchBytes)
    const maxMessages = Math.min(limits.maxBatchMessages, MAX_BATCH_MESSAGES)
    const tasks: AppendTask[] = []
    let charged = 0
    let wireBytes = 0
    for (let task = this.#queue.peek(); task !== undefined; task = this.#queue.peek()) {
      // The last time tick in the log says where the log begins: one made before a truncation must not lie behind it.
      if (task.tick !== undefined) task.message = task.tick.renewed()
      wireBytes += task.message.bytes + STAMP_BYTES
      if (tasks.length > 0 && (tasks.length >= maxMessages || wireBytes > maxBytes)) break
      this.#queue.shift()
      task.index = tasks.length
      tasks.push(task)
      charged += task.bytes
      task.state = 'sent'
      task.tick?.sent()
    }
    if (tasks.length === 0) return undefined
    this.queuedBytes -= charged
    const firstTimeTick = this.#clock.take(tasks.length)
    this.lastAllocated = firstTimeTick + BigInt(tasks.length - 1)
    const run = new TimeTickRun(firstTimeTick)
    const messages: WireMessage[] = new Array(tasks.length)
    let bytes = 0
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i] as AppendTask
      const { message: taken } = task
      const timeTick = run.next()
      messages[i] = { payload: taken.payload, properties: this.#stamp.properties(taken, timeTick) }
      bytes += this.#stamp.bytesWith(taken, timeTick)
    }
    const batch = { sequence: this.#sequence, messages, bytes }
    this.#sequence += messages.length
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
}
