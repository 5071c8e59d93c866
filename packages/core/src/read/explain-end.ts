import { type LogRolledBackError, type PositionTruncatedError, WalError } from '@wal/walimpls'
import { retry } from '@wal/walimpls/helper'
import { isRolledBack, isTruncated, mayPass } from '../errors/classify.js'
import type { KnownPlace } from './log-order.js'
import { nameOldest } from './oldest-position.js'
import type { ReadContext } from './read-context.js'
import { nameLoss } from './resume-position.js'

/** What takes the end of a log away often takes the connections with it: the position is looked for again so many times. */
const MOST_FAILURES = 10
const LONGEST_PAUSE_MS = 500

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
  const named = (): Promise<unknown> | undefined =>
    isTruncated(error)
      ? nameOldest(error as PositionTruncatedError, known, context, signal)
      : isRolledBack(error)
        ? nameLoss(error as LogRolledBackError, known, context, signal)
        : undefined
  const shouldRetry = (reason: unknown, failures: number) => failures < MOST_FAILURES && mayPass(reason)
  const options = { firstMs: 20, maxMs: LONGEST_PAUSE_MS, shouldRetry, signal }
  try {
    return (await retry(context.runtime, options, async () => named())) ?? error
  } catch {
    // The end is what has to be told; the log may have been closed, or truncated further, meanwhile.
    return error
  }
}
