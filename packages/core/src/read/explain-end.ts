import { type LogRolledBackError, type PositionTruncatedError, WalError } from '@wal/walimpls'
import type { KnownPlace } from './log-order.js'
import { nameOldest } from './oldest-position.js'
import type { ReadContext } from './read-context.js'
import { nameLoss } from './resume-position.js'

/**
 * What ended a reader, with positions from which it can go on: `oldest` of a truncated log, `resumeAt` of one that lost its
 * end. `known` is the last place that the reader knows the log to have had. Other errors are left as they are.
 */
export async function explainEnd(
  error: unknown,
  known: KnownPlace | undefined,
  context: ReadContext,
  signal: AbortSignal,
): Promise<unknown> {
  if (!WalError.isInstance(error)) return error
  if (error.code === 'WAL_POSITION_TRUNCATED')
    return nameOldest(error as PositionTruncatedError, known, context, signal)
  if (error.code === 'WAL_LOG_ROLLED_BACK')
    return nameLoss(error as LogRolledBackError, known, context, signal)
  return error
}
