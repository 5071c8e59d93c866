import { WalError } from '@wal/walimpls'

/** `reason`: a clause, for one that was not closed by its user. */
export function closedError(where: string, reason?: string): WalError {
  return new WalError('WAL_CLOSED', `${where} is closed${reason === undefined ? '' : `: ${reason}`}`)
}

/** What ends a writer whose backend failed in a way that the contract does not name. */
export function unwritableError(where: string, cause: unknown): WalError {
  return new WalError(
    'WAL_UNAVAILABLE',
    `${where}: the log can't be written any more. What ended it is the cause of this error.`,
    { cause, retryable: false },
  )
}
