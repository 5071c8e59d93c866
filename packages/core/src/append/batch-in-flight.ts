import type { Batch, MessageId, TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../read/log-record.js'
import type { AppendTask } from './append-task.js'

/** A batch that has been cut: from now on it is sent as it is, again and again, until it settles. */
export interface BatchInFlight {
  readonly batch: Batch
  readonly tasks: readonly AppendTask[]
  readonly timeTicks: readonly TimeTick[]
  /** What the budget was charged for its tasks. */
  readonly charged: number
  /** Serialised id from which a reader meets this batch wherever it was stored; a token's starting point. */
  readonly lastAckedBefore: string
  /** Whether an attempt ended without saying that nothing was written. */
  maybeWritten: boolean
  attempts: number
  outcome: { readonly ids: readonly MessageId[] } | { readonly error: unknown } | undefined
}

/** The records of a stored batch, as the write-ahead buffer keeps them. */
export function recordsOf(
  inFlight: BatchInFlight,
  ids: readonly MessageId[],
  writer: { readonly term: number; readonly incarnation: string },
): LogRecord[] {
  const { batch, tasks, timeTicks } = inFlight
  // Stored more than once, or possibly so: reading has to begin where the first copy may lie.
  const lastConfirmed = inFlight.attempts > 1 ? inFlight.lastAckedBefore : ''
  return tasks.map((task, i) => ({
    id: ids[i] as MessageId,
    payload: task.payload,
    properties: (batch.messages[i] as Batch['messages'][number]).properties,
    timeTick: timeTicks[i] as TimeTick,
    term: writer.term,
    incarnation: writer.incarnation,
    type: task.type,
    opening: false,
    vchannel: task.vchannel,
    lastConfirmed,
    previousTick: '',
  }))
}
