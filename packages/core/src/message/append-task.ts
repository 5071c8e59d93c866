import type { AppendResult } from '../api/wal.js'
import type { BatchInFlight } from './batch-in-flight.js'
import type { TakenMessage } from './new-message.js'

/** Who waits for an outcome. Exactly one of the two methods is called, once a task. */
export interface TaskOwner {
  /**
   * Set by an owner of many tasks that names all of its unknown ones in one token: the errors it is given carry no token
   * of their own, and tasks that failed alike share one error.
   */
  readonly namesAll?: boolean
  resolve(result: AppendResult): void
  /** `sent` and the message's index in it are given when the outcome is unknown. */
  reject(error: unknown, sent?: BatchInFlight, index?: number): void
}

/** One message on its way through the pipeline. */
export interface AppendTask {
  message: TakenMessage
  /** Of a time tick: makes its message again when it is cut, and hears that it is sent. */
  readonly tick: { renewed(): TakenMessage; sent(): void } | undefined
  /** What the budget is charged. */
  readonly bytes: number
  /** Counts a writer's messages as they are taken in, from 1; 0 for a time tick. */
  readonly ordinal: number
  /** `waiting`: no room yet. `queued`: admitted. `sent`: in a batch. `settled`: the outcome is decided, or the owner gave up. */
  state: 'waiting' | 'queued' | 'sent' | 'settled'
  /** Its place in the batch with which it was sent, so that giving up thousands does not search for each of them. */
  index: number
  /** When the owner stops waiting, on the runtime's monotonic clock. */
  readonly deadline: number
  /** Takes the abort listener off. */
  stopListening: (() => void) | undefined
  readonly owner: TaskOwner
}

/**
 * What a message on its way costs in memory beside its payload and properties: promise, task, stamp, batch, and the
 * collector's slack. Measured with a million appends that nobody awaits, rounded up.
 */
export const MESSAGE_OVERHEAD_BYTES = 1536

/** To be called before the owner is told. */
export function settle(task: AppendTask): void {
  task.state = 'settled'
  task.stopListening?.()
  task.stopListening = undefined
}
