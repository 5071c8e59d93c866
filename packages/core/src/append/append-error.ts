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
 * What a caller is told when something other than its own append failed, such as the whole writer: the same code, with the
 * outcome of this append. A close does not say why the append was not done before it, so the last failure is told as well.
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

/** The error of a call on a writer that has ended. It is not retryable: the same call on this WAL will always fail. */
export function endedError(end: WalError): AppendError {
  return new AppendError(end.code, end.message, { outcome: 'not-written', cause: end, retryable: false })
}

/** The deadline passed before the message was sent. `failure` is why the batches before it are being sent again. */
export function notSentInTime(where: string, failure?: unknown): AppendError {
  return new AppendError(
    'WAL_TIMEOUT',
    `${where}: the deadline passed before the message was sent: it is not written.${lastFailure(failure)}`,
    { outcome: 'not-written', cause: failure },
  )
}

/** The wait ended after the message was sent. When the deadline ended it, the cause is the last failure of the backend. */
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
