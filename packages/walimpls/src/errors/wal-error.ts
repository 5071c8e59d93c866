import { ERROR_CODES, type ErrorCode } from './error-code.js'

const brand = Symbol.for('@wal/error')

export interface WalErrorOptions {
  /** What the driver or the system said. Must hold no secret (G22): scrub a driver's error first. */
  readonly cause?: unknown
  /** Overrules the code's default. */
  readonly retryable?: boolean
}

/**
 * The base of every error this project raises on purpose. Tell errors apart by `code`; to ask whether something is
 * one of ours use `WalError.isInstance`, which also knows errors of another copy of this package.
 */
export class WalError extends Error {
  static isInstance(value: unknown): value is WalError {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
  }

  readonly code: ErrorCode
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: WalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WalError'
    this.code = code
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable
    Object.defineProperty(this, brand, { value: true })
  }
}
