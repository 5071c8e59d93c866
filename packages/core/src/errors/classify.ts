import { WalError } from '@wal/walimpls'

/** Whether the same again may succeed; a driver's own error is taken to. */
export function mayPass(error: unknown): boolean {
  return !WalError.isInstance(error) || error.retryable
}

/** Records that were asked for are not kept any more. */
export function isTruncated(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
}

export function isFenced(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_FENCED'
}
