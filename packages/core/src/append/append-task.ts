import type { AppendResult } from '../wal.js'
import type { TakenMessage } from './new-message.js'

/** Who waits for an outcome. Exactly one of the two is called, once a task. */
export interface TaskOwner {
  resolve(result: AppendResult): void
  reject(error: unknown): void
}

/** One message on its way through the pipeline. */
export interface AppendTask {
  /** A time tick that waited for room is made anew when there is some. */
  message: TakenMessage
  /** What the budget is charged. */
  readonly bytes: number
  /** Counts a writer's messages as they are taken in, from 1; 0 for a time tick. */
  readonly ordinal: number
  /** `waiting`: no room yet. `queued`: admitted. `sent`: in a batch. `settled`: the owner knows, or gave up. */
  state: 'waiting' | 'queued' | 'sent' | 'settled'
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
