import { AppendError, WalError } from '@wal/walimpls'

/** What a caller is told when something other than its own append ended it: the same code, with the append's outcome. */
export function appendError(
  error: unknown,
  outcome: AppendError['outcome'],
  token: string | undefined,
): AppendError {
  const options = { outcome, cause: error, ...(token === undefined ? {} : { token }) }
  return WalError.isInstance(error)
    ? new AppendError(error.code, error.message, options)
    : new AppendError('WAL_UNAVAILABLE', error instanceof Error ? error.message : String(error), options)
}

/** The wait ended before the message was sent. */
export function notSentInTime(where: string): AppendError {
  return new AppendError(
    'WAL_TIMEOUT',
    `${where}: the deadline passed before the message was sent: it is not written`,
    { outcome: 'not-written' },
  )
}

/** The wait ended after the message was sent. */
export function stillOnItsWay(where: string, cause: unknown, token: string | undefined): AppendError {
  return new AppendError(
    'WAL_OUTCOME_UNKNOWN',
    `${where}: the wait for an append ended before the backend answered; it may be, or may yet be, stored. Resolve the token, or read the log.`,
    { outcome: 'unknown', cause, ...(token === undefined ? {} : { token }) },
  )
}
