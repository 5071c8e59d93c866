import type { MessageId, TimeTick } from '@wal/walimpls'
import type { AppendResult } from '../api/wal.js'
import type { BatchInFlight, SentMessage } from './batch-in-flight.js'
import type { RecordArena } from './record-arena.js'
import { RecordDraft } from './record-draft.js'

/** Who waits for an outcome. Exactly one of the two methods is called, once a task. */
export interface TaskOwner {
  /**
   * Set by an owner of many tasks that names all of its unknown ones in one token: the errors it is given carry no token
   * of their own, and tasks that failed alike share one error.
   */
  readonly namesAll?: boolean
  resolve(result: AppendResult): void
  /** `sent` is given when the outcome is unknown. */
  reject(error: unknown, sent?: SentMessage): void
}

/** Who waits for a time tick. What that one says is decided when it is sent, not when it is asked for. */
export interface TickOwner extends TaskOwner {
  /** What the time tick says if it is sent now. */
  properties(): readonly string[]
  /** It is sent with these properties. */
  sent(): void
}

/** A message that is stored as several records, which may lie in several batches. */
export interface SplitMessage {
  /** Time tick of its last record: with that one it is written. Consecutive with those of the records before. */
  readonly lastTimeTick: TimeTick
  /** Serialised id from which reading meets all of them. */
  readonly lastConfirmed: string
  /** Of its first record, once that is acknowledged. */
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
  /** What the budget is charged. */
  declare charged: number
  /** Counts a writer's messages as they are submitted, from 1; 0 for a time tick. */
  declare ordinal: number
  /** `waiting`: no room yet. `queued`: admitted. `sent`: in a batch. `settled`: the outcome is decided, or the owner gave up. */
  declare state: 'waiting' | 'queued' | 'sent' | 'settled'
  /** Its place in the batch with which it was sent, so that giving up thousands does not search for each of them. */
  declare index: number
  /** When the owner stops waiting, on the runtime's monotonic clock. */
  declare deadline: number
  /** Takes the abort listener off. */
  declare stopListening: (() => void) | undefined
  declare owner: TaskOwner
  /** Of a time tick: says what it says only when it is sent. */
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

/** To be called before the owner is told. */
export function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
}

/** Which of the records in a batch says that the message is written; it may lie behind the batch's end. */
export function decidingIndex(task: AppendTask, batch: BatchInFlight, index: number): number {
  return task.split === undefined ? index : Number(task.split.lastTimeTick - batch.firstTimeTick)
}
