import { WalError, type WalErrorOptions } from './wal-error.js'

export interface LogRolledBackErrorOptions extends WalErrorOptions {
  /** The last record that the caller knew and that is gone: a serialised message id from a backend, a position from core. */
  readonly known?: string
  /** Reading from here misses no record that is stored: a serialised message id from a backend, a position from core. */
  readonly resumeAt?: string
}

/**
 * The error for a log that lost acknowledged records at its end, in a failover or because an older copy of the log was restored.
 * Core throws it, and so does a backend that notices the loss itself.
 */
export class LogRolledBackError extends WalError {
  readonly known: string | undefined
  readonly resumeAt: string | undefined

  constructor(message: string, options: LogRolledBackErrorOptions = {}) {
    super('WAL_LOG_ROLLED_BACK', message, options)
    this.name = 'LogRolledBackError'
    this.known = options.known
    this.resumeAt = options.resumeAt
  }
}
