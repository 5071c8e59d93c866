import { formatPosition } from '../position/position.js'
import type { ResultContext } from './append-result.js'
import type { BatchInFlight } from './batch-in-flight.js'

export const TOKEN_PREFIX = 'append:'

/**
 * Text that names an append whose outcome is not known: the position it would have, starting at the last record that
 * was acknowledged before it was sent. Whoever reads on from there meets it, or a greater time tick, or a newer writer.
 */
export function outcomeToken(context: ResultContext, batch: BatchInFlight, index: number): string {
  const { backend, logIdentity, writer } = context
  const timeTick = batch.firstTimeTick + BigInt(index)
  return (
    TOKEN_PREFIX +
    formatPosition({ backend, logIdentity, lastConfirmed: batch.lastAckedBefore, writer, timeTick })
  )
}
