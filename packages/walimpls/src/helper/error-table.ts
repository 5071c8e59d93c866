import { AppendError, type AppendOutcome } from '../errors/append-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { WalError } from '../errors/wal-error.js'
import { withOutcome } from './not-written.js'
import { scrubbedError, textOf } from './scrubbed-error.js'

/** What an error of a driver or a server means to the caller. */
export interface ErrorMeaning {
  /** The error code to map to. Default: `WAL_UNAVAILABLE`. */
  readonly code?: ErrorCode
  /** Whether the same call may succeed later although nobody has changed anything. */
  readonly retryable: boolean
  /** The outcome of an append that failed with this error. Default: `unknown`. */
  readonly outcome?: AppendOutcome
  /** What the user should do, as a whole sentence. */
  readonly advice?: string
}

export interface ErrorRow extends ErrorMeaning {
  /** The names that this row is for, such as a system's error code or the first word of a server's reply. */
  readonly names?: readonly string[] | RegExp
  /** A pattern for the error's text, for errors without a telling name. */
  readonly text?: RegExp
}

export interface ErrorTableParts {
  /** What a backend's errors mean. The first row whose names or text fit an error says what that error means. */
  readonly rows: readonly ErrorRow[]
  /** The meaning of an error that no row fits. */
  readonly otherwise: (error: unknown) => ErrorMeaning
  /** The names of an error that are compared with the rows. Default: its `code`. */
  readonly namesOf?: (error: unknown) => readonly string[]
  /** Makes the copy of an error that becomes the cause, without secrets. Default: `scrubbedError`. */
  readonly scrubbed?: (error: unknown) => Error
  /** The part of the copy's text that users see in the message. Default: all of it. The cause always has the whole text. */
  readonly shown?: (text: string) => string
}

export interface ErrorContext {
  /** The outcome of the append. Takes precedence over the outcome in the row. */
  readonly outcome?: AppendOutcome
  /**
   * The last error that the driver reported for the connection. Errors of single requests often do not say why a connection was
   * lost.
   */
  readonly trouble?: unknown
}

/**
 * Maps a driver's errors to errors with a code, by a table: code, retryable or not, outcome and advice come from the first row
 * that fits. A `WalError` passes unchanged.
 */
export class ErrorTable {
  readonly #parts: ErrorTableParts

  constructor(parts: ErrorTableParts) {
    this.#parts = parts
  }

  meaningOf(error: unknown): ErrorMeaning {
    const { rows, namesOf = codesOf, otherwise } = this.#parts
    const names = namesOf(error)
    const text = textOf(error)
    return rows.find((row) => fits(row, names, text)) ?? otherwise(error)
  }

  /** Maps the error of a call. `doing` begins the message: `reading orders`. */
  map(error: unknown, doing: string, { trouble }: ErrorContext = {}): WalError {
    if (WalError.isInstance(error)) return error
    const meaning = this.meaningOf(error)
    const { code = 'WAL_UNAVAILABLE', retryable } = meaning
    const { text, cause } = this.#described(error, meaning, { doing, trouble })
    return new WalError(code, text, { retryable, cause })
  }

  /** Maps the error of an append, and says with which outcome the append failed. */
  mapAppend(error: unknown, doing: string, { outcome, trouble }: ErrorContext = {}): WalError {
    if (WalError.isInstance(error))
      return outcome === undefined ? error : (withOutcome(error, outcome) as AppendError)
    const meaning = this.meaningOf(error)
    const { code = 'WAL_UNAVAILABLE', retryable } = meaning
    const { text, cause } = this.#described(error, meaning, { doing, trouble })
    const told = outcome ?? meaning.outcome ?? 'unknown'
    return new AppendError(code, text, { outcome: told, retryable, cause })
  }

  #described(
    error: unknown,
    { advice }: ErrorMeaning,
    { doing, trouble }: { readonly doing: string; readonly trouble: unknown },
  ): { readonly text: string; readonly cause: Error } {
    const { scrubbed = scrubbedError, shown } = this.#parts
    const cause = scrubbed(error)
    const said = shown?.(cause.message) ?? cause.message
    const sentences = [`${doing} failed: ${said}`.replace(/\.+$/, '')]
    if (advice !== undefined) sentences.push(advice)
    if (trouble !== undefined) sentences.push(`The connection: ${scrubbed(trouble).message}`)
    return { text: joined(sentences), cause }
  }
}

function fits({ names, text }: ErrorRow, of: readonly string[], said: string): boolean {
  if (text?.test(said)) return true
  if (names === undefined) return false
  return of.some((name) => (names instanceof RegExp ? names.test(name) : names.includes(name)))
}

function codesOf(error: unknown): readonly string[] {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? [code] : []
}

/** Joins sentences with exactly one full stop between two, whether or not the first already ends with one. */
function joined(sentences: readonly string[]): string {
  return sentences.join('. ').replaceAll('.. ', '. ')
}
