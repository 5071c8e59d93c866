import { type LogRolledBackError, type PositionTruncatedError, WalError } from '@wal/walimpls'
import { abortable, onAbort, retry } from '@wal/walimpls/helper'
import { isRolledBack, isTruncated, mayPass } from '../log/classify.js'
import type { KnownPlace } from '../log/known-place.js'
import { nameOldest } from './oldest-position.js'
import type { ReadLook } from './read-context.js'
import { nameLoss } from './resume-position.js'

/** A failover that loses the end of a log often cuts connections too. So the position is looked for several times. */
const MOST_FAILURES = 10
const LONGEST_PAUSE_MS = 500
/** A log that does not answer must not hold back the error that ended its reader. All tries with their pauses take 3 s. */
const PATIENCE_MS = 5_000

/**
 * What ended a reader, with positions from which it can go on: `oldest` of a truncated log, `resumeAt` of one that lost its
 * end. `known` is the last place that the reader knows the log to have had. Other errors are left as they are, and so is
 * one for which no position is found before `signal` aborts or patience is over. Never rejects.
 */
export async function explainEnd(
  error: unknown,
  known: KnownPlace | undefined,
  { signal, ...context }: ReadLook,
): Promise<unknown> {
  if (!WalError.isInstance(error)) return error
  if (!isTruncated(error) && !isRolledBack(error)) return error
  const looking = new AbortController()
  const look = { ...context, signal: looking.signal }
  const named = (): Promise<unknown> =>
    isTruncated(error)
      ? nameOldest(error as PositionTruncatedError, known, look)
      : nameLoss(error as LogRolledBackError, known, look)
  const shouldRetry = (reason: unknown, failures: number) => failures < MOST_FAILURES && mayPass(reason)
  const options = { firstMs: 20, maxMs: LONGEST_PAUSE_MS, shouldRetry, signal: looking.signal }
  const patience = context.runtime.setTimeout(() => looking.abort(), PATIENCE_MS)
  const stopListening = onAbort(signal, (reason) => looking.abort(reason))
  try {
    return await abortable(retry(context.runtime, options, named), looking.signal)
  } catch {
    // The log may have been closed meanwhile, or truncated further. What ended the reader has to be told all the same.
    return error
  } finally {
    patience.clear()
    stopListening()
  }
}
