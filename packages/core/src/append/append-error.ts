import { AppendError, WalError } from '@wal/walimpls'
import { lastFailure } from '../diagnostics/trouble.js'

/** What is known about an append that ended without being acknowledged. */
export interface AppendCircumstances {
  /** Names the message; undefined unless it was sent. */
  readonly token: string | undefined
  /** The last failure of the backend, while batches are being sent again; otherwise undefined. */
  readonly failure: unknown
}

/**
 * What a caller is told when something other than its own append ended it: the same code, with the append's outcome. A
 * close says nothing of why the append was not done by then, so the last failure is told with it.
 */
export function appendError(
  error: unknown,
  outcome: AppendError['outcome'],
  { token, failure }: AppendCircumstances,
): AppendError {
  const options = { outcome, cause: error, ...(token === undefined ? {} : { token }) }
  if (!WalError.isInstance(error))
    return new AppendError('WAL_UNAVAILABLE', error instanceof Error ? error.message : String(error), options)
  const { code, message, retryable } = error
  if (code !== 'WAL_CLOSED' || failure === undefined)
    return new AppendError(code, message, { ...options, retryable })
  return new AppendError(code, `${message}.${lastFailure(failure)}`, {
    ...options,
    retryable,
    cause: failure,
  })
}

/** For a call on a writer that has ended, whatever ended it: the same call again fails at once, and always will. */
export function endedError(end: WalError): AppendError {
  return new AppendError(end.code, end.message, { outcome: 'not-written', cause: end, retryable: false })
}

/** The wait ended before the message was sent. `failure`: what the batches before it are being tried again through. */
export function notSentInTime(where: string, failure?: unknown): AppendError {
  return new AppendError(
    'WAL_TIMEOUT',
    `${where}: the deadline passed before the message was sent: it is not written.${lastFailure(failure)}`,
    { outcome: 'not-written', cause: failure },
  )
}

/** The wait ended after the message was sent. Where it was the deadline that ended it, the cause is the last failure. */
export function stillOnItsWay(
  where: string,
  cause: unknown,
  { token, failure }: AppendCircumstances,
): AppendError {
  const byDeadline = WalError.isInstance(cause) && cause.code === 'WAL_TIMEOUT'
  return new AppendError(
    'WAL_OUTCOME_UNKNOWN',
    `${where}: the wait for an append ended before the backend answered; it may be, or may yet be, stored. Resolve the token, or read the log.${lastFailure(failure)}`,
    {
      outcome: 'unknown',
      cause: byDeadline ? (failure ?? cause) : cause,
      ...(token === undefined ? {} : { token }),
    },
  )
}
