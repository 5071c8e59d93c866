import { WalError } from '@wal/walimpls'

/** Whether the same call may succeed when it is made again. An error that the backend did not map counts as one that may. */
export function mayPass(error: unknown): boolean {
  return !WalError.isInstance(error) || error.retryable
}

/** The records that were asked for are not kept any more: truncated, or removed by others. */
export function isTruncated(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
}

export function isCorrupt(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_CORRUPT'
}

export function isFenced(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_FENCED'
}

/** The storage has no room. Only freeing some of it lets the call succeed. */
export function isStorageFull(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_STORAGE_FULL'
}

export function isRolledBack(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_LOG_ROLLED_BACK'
}

/** The error ends a writer: a newer writer owns the log, or records that this writer acknowledged are gone. */
export function isWritersEnd(error: unknown): error is WalError {
  return isFenced(error) || isRolledBack(error)
}
