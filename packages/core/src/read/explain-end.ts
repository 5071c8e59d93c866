import { type LogRolledBackError, type PositionTruncatedError, WalError } from '@wal/walimpls'
import { abortable, onAbort, retry } from '@wal/walimpls/helper'
import { isRolledBack, isTruncated, mayPass } from '../log/classify.js'
import type { KnownPlace } from '../log/known-place.js'
import { nameOldest } from './oldest-position.js'
import type { ReadLook } from './read-context.js'
import { nameLoss } from './resume-position.js'

/**
 * How many failures in a row the search for a position may have. A failover that loses a log's end often cuts connections too.
 */
const MOST_FAILURES = 10
const LONGEST_PAUSE_MS = 500
/**
 * How long the search for a position may take: a log that does not answer must not hold back the error that ended its reader.
 * Ten failures with the pauses between them take 3 s.
 */
const PATIENCE_MS = 5_000

/**
 * Adds to the error that ended a reader the position from which a reader can go on: `oldest` of a truncated log, `resumeAt` of
 * a log that lost its end. `known` is the last record that the reader had read. The error stays as it is if it is another one,
 * or if no position is found before `signal` aborts or 5 s are over. Never rejects.
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
    // The search failed: the log was closed meanwhile, or truncated further. The user must still get the error that ended the
    // reader.
    return error
  } finally {
    patience.clear()
    stopListening()
  }
}
