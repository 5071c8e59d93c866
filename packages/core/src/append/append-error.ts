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
