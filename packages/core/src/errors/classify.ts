import { WalError } from '@wal/walimpls'

/** Whether the same again may succeed; a driver's own error is taken to. */
export function mayPass(error: unknown): boolean {
  return !WalError.isInstance(error) || error.retryable
}

export function isFenced(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_FENCED'
}
