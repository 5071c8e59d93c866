import type { ErrorCode } from './error-code.js'
import { WalError, type WalErrorOptions } from './wal-error.js'

/**
 * What is certain about an append that did not succeed. With `not-written` its messages will never be delivered. With
 * `unknown` they may have been stored, or may still be stored.
 */
export type AppendOutcome = 'not-written' | 'unknown'

export interface AppendErrorOptions extends WalErrorOptions {
  readonly outcome: AppendOutcome
  /**
   * The token of the append, for `resolve`. Present when the outcome is unknown and the message had been sent to the backend.
   */
  readonly token?: string
}

/** The error of an append that failed. When a backend rejects with any other error, the outcome counts as `unknown`. */
export class AppendError extends WalError {
  readonly outcome: AppendOutcome
  readonly token: string | undefined

  constructor(code: ErrorCode, message: string, options: AppendErrorOptions) {
    super(code, message, options)
    this.name = 'AppendError'
    this.outcome = options.outcome
    this.token = options.token
  }
}

/**
 * The outcome that an error states; `unknown` when it states none. The outcome is read as a property, not by class: the error
 * may come from another copy of this package.
 */
export function outcomeOf(error: unknown): AppendOutcome {
  return WalError.isInstance(error) && (error as Partial<AppendError>).outcome === 'not-written'
    ? 'not-written'
    : 'unknown'
}
