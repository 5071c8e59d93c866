import type { ErrorCode } from './error-code.js'
import { WalError, type WalErrorOptions } from './wal-error.js'

/**
 * What is certain about an append that did not succeed.
 * `not-written`: it never will be delivered. `unknown`: it may have been, or may yet be, stored.
 */
export type AppendOutcome = 'not-written' | 'unknown'

export interface AppendErrorOptions extends WalErrorOptions {
  readonly outcome: AppendOutcome
  /** Text for `resolve`, present when the outcome is unknown and the message had reached the backend. */
  readonly token?: string
}

/** An append failed. A backend rejects with it (or with anything else, which counts as `unknown`). */
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

/** Errors cross package borders and copies of this package, so the outcome is read by shape, never by class. */
export function outcomeOf(error: unknown): AppendOutcome {
  return WalError.isInstance(error) && (error as Partial<AppendError>).outcome === 'not-written'
    ? 'not-written'
    : 'unknown'
}
