import { WalError } from '@wal/walimpls'

/** Whether the same again may succeed; a driver's own error is taken to. */
export function mayPass(error: unknown): boolean {
  return !WalError.isInstance(error) || error.retryable
}

/** Records that were asked for are not kept any more. */
export function isTruncated(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
}

export function isCorrupt(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_CORRUPT'
}

export function isFenced(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_FENCED'
}

/** The storage has no room. What is freed helps, and nothing else does. */
export function isStorageFull(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_STORAGE_FULL'
}

export function isRolledBack(error: unknown): error is WalError {
  return WalError.isInstance(error) && error.code === 'WAL_LOG_ROLLED_BACK'
}

/** The log says that its reader is not its writer any more: a newer one owns it, or acknowledged records are gone. */
export function isWritersEnd(error: unknown): error is WalError {
  return isFenced(error) || isRolledBack(error)
}
