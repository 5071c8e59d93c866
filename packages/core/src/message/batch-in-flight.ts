import type { AppendOutcome, Batch, MessageId, TimeTick } from '@wal/walimpls'
import type { Moment } from '../time-tick/moment.js'
import type { AppendTask } from './append-task.js'

/**
 * A batch that has been cut. It is never cut differently: after a failure the same records are sent with the same sequence.
 */
export interface BatchInFlight {
  readonly batch: Batch
  /** The task of each record. A message that is stored as three records is listed three times. */
  readonly tasks: readonly AppendTask[]
  /** Time tick of the first record. The others' follow without a gap: 20, 21, 22 for a batch of three. */
  readonly firstTimeTick: TimeTick
  /** What the budget was charged for its tasks. */
  readonly charged: number
  /**
   * Serialised id and time tick of the last record acknowledged before the batch was cut. A reader that starts there finds the
   * batch wherever it was stored, so a token of an unknown outcome starts there.
   */
  readonly lastAckedBefore: string
  readonly lastAckedTickBefore: TimeTick
  /** Whether an attempt to send it may have stored it: the attempt succeeded, or failed with an unknown outcome. */
  maybeWritten: boolean
  /** Whether the log was read, and no record of a newer writer lies before the batch. */
  confirmed: boolean
  /** When the batch was last handed to the backend; kept only where the backend may forget a writer that pauses. */
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

/** The outcome of the messages in a batch that will not be sent again. Without a batch: of messages that were never sent. */
export function endOutcome(batch: BatchInFlight | undefined): AppendOutcome {
  if (batch === undefined) return 'not-written'
  const pending = batch.outcome === undefined && batch.attempts > 0
  // The backend stored the batch, and the writer ended before it could be acknowledged: it may be void.
  const stored = batch.outcome !== undefined && 'ids' in batch.outcome
  return batch.maybeWritten || pending || stored ? 'unknown' : 'not-written'
}
