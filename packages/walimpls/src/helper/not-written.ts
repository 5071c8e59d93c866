import { AppendError, outcomeOf } from '../errors/append-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { WalError } from '../errors/wal-error.js'

/** The error of an append of which nothing is stored or will be stored. */
export function notWritten(code: ErrorCode, message: string, cause?: unknown): AppendError {
  return new AppendError(code, message, { outcome: 'not-written', cause })
}

/** The error for a batch that was not stored because an earlier batch in flight was not stored. */
export function notWrittenBehind(): AppendError {
  return notWritten(
    'WAL_UNAVAILABLE',
    'The batch was not stored, because one before it was not. Send both again.',
  )
}

/** Gives a `WalError` that ended an append this outcome, unless it has one. Any other error is returned as it is. */
export function withOutcome(error: unknown, outcome: AppendError['outcome']): unknown {
  if (!WalError.isInstance(error) || (error as Partial<AppendError>).outcome !== undefined) return error
  const { code, message, retryable, cause } = error
  return new AppendError(code, message, { outcome, retryable, cause })
}

/**
 * The same error with the outcome `unknown`. For a batch of which an earlier attempt may be stored: a later attempt that is
 * certainly not written proves nothing about the earlier one.
 */
export function stillUnknown(error: unknown): unknown {
  if (!WalError.isInstance(error) || outcomeOf(error) === 'unknown') return error
  const { code, message, retryable, cause } = error
  return new AppendError(code, message, { outcome: 'unknown', retryable, cause })
}
