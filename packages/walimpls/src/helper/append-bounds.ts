import type { AppendError } from '../errors/append-error.js'
import type { Lifetime } from './lifetime.js'
import { notWritten } from './not-written.js'

/** When a log takes no batch. */
export interface AppendBounds {
  /** The log's: a batch that comes after its close is refused. */
  readonly lifetime: Pick<Lifetime, 'closed' | 'what'>
  /** As in the log's limits. */
  readonly maxInFlightBatches: number
}

/** Why a batch that comes now is refused; undefined when it is taken. */
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
