import { outcomeOf, WalError } from '@wal/walimpls'
import { isFenced, mayPass } from '../log/classify.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'

/** The log itself is beyond help (`WAL_CORRUPT` found at a takeover, say): no batch will ever be stored by this writer. */
export function isHopeless(error: unknown): boolean {
  return !mayPass(error) && !isFenced(error)
}

/** This batch is refused for good: sending the same one again can't help, and others may go on. */
export function isRefusedForever(error: unknown): boolean {
  return (
    WalError.isInstance(error) &&
    (error.code === 'WAL_MESSAGE_TOO_LARGE' || error.code === 'WAL_INVALID_ARGUMENT') &&
    outcomeOf(error) === 'not-written'
  )
}

/**
 * The first of these batches failed. One stored behind it would make a hole that readers never see filled (G3): throws
 * `WAL_CORRUPT`, which stops the writer, rather than lose what is sent again.
 */
export function checkPrefix(inFlight: readonly BatchInFlight[], cause: unknown, where: string): void {
  const late = inFlight.find(({ outcome }) => outcome !== undefined && 'ids' in outcome)
  if (late === undefined) return
  throw new WalError(
    'WAL_CORRUPT',
    `${where}: the backend stored batch ${late.batch.sequence} although batch ${inFlight[0]?.batch.sequence} before it had failed`,
    { cause },
  )
}
