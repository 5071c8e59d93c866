import { outcomeOf, WalError } from '@wal/walimpls'
import { isFenced, mayPass } from '../log/classify.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'

/** Whether this writer can never store a batch again, as after `WAL_CORRUPT` at a takeover. */
export function isHopeless(error: unknown): boolean {
  return !mayPass(error) && !isFenced(error)
}

/**
 * Whether this batch is refused for good: sending the same one again can't help. The batches behind it may still be stored.
 */
export function isRefusedForever(error: unknown): boolean {
  return (
    WalError.isInstance(error) &&
    (error.code === 'WAL_MESSAGE_TOO_LARGE' || error.code === 'WAL_INVALID_ARGUMENT') &&
    outcomeOf(error) === 'not-written'
  )
}

/**
 * Throws `WAL_CORRUPT` when a batch was stored although the first of these batches failed (G3). Example: batch 5, with the
 * time ticks 50 to 59, failed, and batch 6, with 60 to 69, was stored. If 5 were sent again, it would lie behind 6, and
 * readers, who drop a time tick that does not rise, would never deliver it. So the writer is stopped instead.
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
