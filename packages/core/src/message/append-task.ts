import type { MessageId, TimeTick } from '@wal/walimpls'
import type { AppendResult } from '../api/wal.js'
import type { BatchInFlight, SentMessage } from './batch-in-flight.js'
import type { RecordArena } from './record-arena.js'
import { RecordDraft } from './record-draft.js'

/** Waits for the outcome of tasks. For each task exactly one of the two methods is called, once. */
export interface TaskOwner {
  /**
   * Set by an owner of many tasks that makes one token for all messages with an unknown outcome. The errors that it is given
   * then carry no token, and tasks that failed for the same reason share one error.
   */
  readonly namesAll?: boolean
  resolve(result: AppendResult): void
  /** `sent` is given when the outcome is unknown. */
  reject(error: unknown, sent?: SentMessage): void
}

/** Waits for a time tick. What the time tick says is decided when it is sent, not when it is asked for. */
export interface TickOwner extends TaskOwner {
  /** The properties that the time tick has if it is sent now: keys and values in turn. */
  properties(): readonly string[]
  /** The time tick is sent, with the properties that were asked for last. */
  sent(): void
}

/** A message that is stored as several records, which may lie in several batches. */
export interface SplitMessage {
  /**
   * Time tick of its last record, with which the message is written. The time ticks of its records are consecutive: 30, 31,
   * 32.
   */
  readonly lastTimeTick: TimeTick
  /** The serialised id at which a reader has to begin, to read every record of this message. */
  readonly lastConfirmed: string
  /** Id of its first record, once that is acknowledged. */
  firstId: MessageId | undefined
}

/**
 * What a message on its way costs in memory beside its payload and properties: promise, task, stamp, batch, and the
 * collector's slack. Measured with a million appends that nobody awaits, rounded up.
 */
export const MESSAGE_OVERHEAD_BYTES = 1536

const NOBODY: TaskOwner = { resolve() {}, reject() {} }

/**
 * One message on its way to its outcome: taken over (checked, and copied into a slab of ours), then submitted by somebody who
 * waits for it. As long as no seal makes other records of it, it is the record that is stored.
 */
export class AppendTask extends RecordDraft {
  /** What the budget is charged for the task. */
  declare charged: number
  /** Counts a writer's messages as they are submitted, from 1; 0 for a time tick. */
  declare ordinal: number
  /**
   * `waiting`: no room yet. `queued`: admitted. `sent`: in a batch. `settled`: the outcome is decided, or the owner gave
   * up.
   */
  declare state: 'waiting' | 'queued' | 'sent' | 'settled'
  /** The place in the batch with which the task was sent: giving up thousands of tasks must not search for each of them. */
  declare index: number
  /** When the owner stops waiting, on the runtime's monotonic clock. */
  declare deadline: number
  /** Takes the listener off the signal of the append. */
  declare stopListening: (() => void) | undefined
  declare owner: TaskOwner
  /** The owner of a time tick, which is asked for its properties when it is sent. Undefined for a message. */
  declare tick: TickOwner | undefined
  declare split: SplitMessage | undefined

  constructor(arena: RecordArena, vchannel: string, type: number) {
    super(arena, vchannel, type)
    this.charged = 0
    this.ordinal = 0
    this.state = 'waiting'
    this.index = 0
    this.deadline = Number.POSITIVE_INFINITY
    this.stopListening = undefined
    this.owner = NOBODY
    this.tick = undefined
    this.split = undefined
  }
}

/** Marks the task as settled. To be called before the owner is told. */
export function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
}

/**
 * The index in a batch of the record that says that the message is written: its last. Of a message with the time ticks 30 to
 * 34, in a batch that begins with 28 and ends with 31, that is 6, which lies behind the end of the batch.
 */
export function decidingIndex(task: AppendTask, batch: BatchInFlight, index: number): number {
  return task.split === undefined ? index : Number(task.split.lastTimeTick - batch.firstTimeTick)
}
