import { WalError, type WalErrorOptions } from './wal-error.js'

export interface LogRolledBackErrorOptions extends WalErrorOptions {
  /** The last record that was known and is gone: a serialised message id from a backend, a position from core. */
  readonly known?: string
  /** Where reading can go on without missing anything: a serialised message id from a backend, a position from core. */
  readonly resumeAt?: string
}

/**
 * The log lost acknowledged records at its end, in a failover or because an older copy of it was restored. Raised by
 * core, and by backends that notice it.
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
