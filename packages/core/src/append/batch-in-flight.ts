import type { Batch, MessageId, TimeTick } from '@wal/walimpls'
import type { AppendTask } from './append-task.js'

/** A batch that has been cut: from now on it is sent as it is, again and again, until it settles. */
export interface BatchInFlight {
  readonly batch: Batch
  readonly tasks: readonly AppendTask[]
  /** Of the first message; the others' follow without a gap. */
  readonly firstTimeTick: TimeTick
  /** What the budget was charged for its tasks. */
  readonly charged: number
  /** Serialised id from which a reader meets this batch wherever it was stored; a token's starting point. */
  readonly lastAckedBefore: string
  /** Whether an attempt ended without saying that nothing was written. */
  maybeWritten: boolean
  attempts: number
  outcome: { readonly ids: readonly MessageId[] } | { readonly error: unknown } | undefined
}
