import type { AppendOutcome, Batch, MessageId, TimeTick } from '@wal/walimpls'
import type { Moment } from '../time-tick/moment.js'
import type { AppendTask } from './append-task.js'

/** A batch that has been cut: from now on it is sent as it is, again and again, until it settles. */
export interface BatchInFlight {
  readonly batch: Batch
  /** Of each record, whose it is. A message that is stored as several records is there once for each. */
  readonly tasks: readonly AppendTask[]
  /** Of the first record; the others' follow without a gap. */
  readonly firstTimeTick: TimeTick
  /** What the budget was charged for its tasks. */
  readonly charged: number
  /** Serialised id from which a reader meets this batch wherever it was stored, and that record's time tick: where a token starts. */
  readonly lastAckedBefore: string
  readonly lastAckedTickBefore: TimeTick
  /** Whether an attempt ended without saying that nothing was written. */
  maybeWritten: boolean
  /** A look has shown that no newer writer's record lies before it. */
  confirmed: boolean
  /** When it was last handed to the backend; kept only where the backend may forget a writer. */
  sentAt: Moment | undefined
  attempts: number
  outcome: { readonly ids: readonly MessageId[] } | { readonly error: unknown } | undefined
}

/** A message that was handed to the backend: the batch, and which of its records says that the message is written. */
export interface SentMessage {
  readonly batch: BatchInFlight
  /** Beyond the batch's last record when the message has more records in the batches behind. */
  readonly index: number
}

/** What to tell the callers of a batch that will not be sent again; undefined: it was never sent. */
export function endOutcome(batch: BatchInFlight | undefined): AppendOutcome {
  if (batch === undefined) return 'not-written'
  const pending = batch.outcome === undefined && batch.attempts > 0
  // The backend stored it, and the writer ended before it could be acknowledged.
  const stored = batch.outcome !== undefined && 'ids' in batch.outcome
  return batch.maybeWritten || pending || stored ? 'unknown' : 'not-written'
}
