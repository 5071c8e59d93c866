import { WalError, type WalErrorOptions } from './wal-error.js'

export interface PositionTruncatedErrorOptions extends WalErrorOptions {
  /** The oldest place that can still be read: a serialised message id from a backend, a position from core. */
  readonly oldest?: string
}

/** A read asked for records that the log no longer has. */
export class PositionTruncatedError extends WalError {
  readonly oldest: string | undefined

  constructor(message: string, options: PositionTruncatedErrorOptions = {}) {
    super('WAL_POSITION_TRUNCATED', message, options)
    this.name = 'PositionTruncatedError'
    this.oldest = options.oldest
  }
}
