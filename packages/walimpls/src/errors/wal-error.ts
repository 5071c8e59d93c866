import { ERROR_CODES, type ErrorCode } from './error-code.js'

const brand = Symbol.for('@wal/error')

export interface WalErrorOptions {
  /** The error of the driver or the system. It must hold no secret (G22), so a driver's error is scrubbed first. */
  readonly cause?: unknown
  /** Whether the same call may succeed when it is made again. Default: what `ERROR_CODES` says of the code. */
  readonly retryable?: boolean
}

/**
 * The base of every error that this project throws on purpose. Tell errors apart by `code`. To ask whether a value is such an
 * error use `WalError.isInstance`: unlike `instanceof` it also knows errors of another copy of this package.
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
