import { WalError } from '@wal/walimpls'

/** Whether the same call may succeed when it is repeated. True for an error that the backend did not turn into a `WalError`. */
export function mayPass(error: unknown): boolean {
  return !WalError.isInstance(error) || error.retryable
}

/** Whether the records that were asked for are no longer kept: they were truncated, or removed by others. */
export function isTruncated(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
}

export function isCorrupt(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_CORRUPT'
}

export function isFenced(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_FENCED'
}

/** Whether the storage is full, so that the call can succeed only after some of it was freed. */
export function isStorageFull(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_STORAGE_FULL'
}

export function isRolledBack(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_LOG_ROLLED_BACK'
}

/** Whether the error ends a writer: a newer writer owns the log, or records that this writer acknowledged are gone. */
export function isWritersEnd(error: unknown): error is WalError {
  return isFenced(error) || isRolledBack(error)
}
