import type { TaskOwner } from '../message/append-task.js'

/** Who waits for a time tick. What that one says is decided when it is sent, not when it is asked for. */
export interface TickOwner extends TaskOwner {
  /** What the time tick says if it is sent now. */
  properties(): readonly string[]
  /** It is sent with these properties. */
  sent(): void
}
