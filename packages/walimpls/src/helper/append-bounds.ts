import type { AppendError } from '../errors/append-error.js'
import type { Lifetime } from './lifetime.js'
import { notWritten } from './not-written.js'

/** What an append is checked against before a log takes the batch. */
export interface AppendBounds {
  /** The lifetime of the log: a batch that is appended after the log's close is refused. */
  readonly lifetime: Pick<Lifetime, 'closed' | 'what'>
  /** How many batches may be in flight at once, as the log's `limits` say. */
  readonly maxInFlightBatches: number
}

/**
 * The error with which an append is refused at once: the log is closed, or too many batches are in flight. Otherwise undefined.
 */
export function refusalOf(bounds: AppendBounds, inFlight: number): AppendError | undefined {
  const { lifetime, maxInFlightBatches } = bounds
  if (lifetime.closed) return notWritten('WAL_CLOSED', `${lifetime.what} is closed.`)
  if (inFlight >= maxInFlightBatches)
    return notWritten(
      'WAL_INVALID_ARGUMENT',
      `More than ${maxInFlightBatches} batches are in flight. Wait until one of them has settled.`,
    )
  return undefined
}
