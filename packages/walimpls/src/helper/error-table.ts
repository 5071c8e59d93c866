import { AppendError, type AppendOutcome } from '../errors/append-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { WalError } from '../errors/wal-error.js'
import { withOutcome } from './not-written.js'
import { scrubbedError, textOf } from './scrubbed-error.js'

/** What an error of a driver or a server means. */
export interface ErrorMeaning {
  /** By default `WAL_UNAVAILABLE`. */
  readonly code?: ErrorCode
  /** Whether the same call may succeed when nobody changes anything. */
  readonly retryable: boolean
  /** Of the append that ended with it. By default `unknown`. */
  readonly outcome?: AppendOutcome
  /** What to do, in a whole sentence. */
  readonly advice?: string
}

export interface ErrorRow extends ErrorMeaning {
  /** Names of the error: a system's code, a word or number of the server. */
  readonly names?: readonly string[] | RegExp
  /** What its text looks like. */
  readonly text?: RegExp
}

export interface ErrorTableParts {
  /** What a backend's errors mean. The first row whose names or text fit an error says what that error means. */
  readonly rows: readonly ErrorRow[]
  /** What an error means for which there is no row. */
  readonly otherwise: (error: unknown) => ErrorMeaning
  /** By which names the rows find an error. By default its `code`. */
  readonly namesOf?: (error: unknown) => readonly string[]
  /** The copy that is shown and kept as the cause. By default `scrubbedError`. */
  readonly scrubbed?: (error: unknown) => Error
  /** What of the copy's text is shown to users. By default all of it; the cause keeps it whole. */
  readonly shown?: (text: string) => string
}

export interface ErrorContext {
  /** Overrules the row's. */
  readonly outcome?: AppendOutcome
  /** What the driver last said of its connection, of which errors of requests know nothing. */
  readonly trouble?: unknown
}

/**
 * A driver's errors as ours, by one table: a backend reads off it what is certain, what may pass and what to do. Errors of ours
 * pass as they are.
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

  /** `doing` begins the sentence: `reading orders`. */
  map(error: unknown, doing: string, { trouble }: ErrorContext = {}): WalError {
    if (WalError.isInstance(error)) return error
    const meaning = this.meaningOf(error)
    const { code = 'WAL_UNAVAILABLE', retryable } = meaning
    const { text, cause } = this.#described(error, meaning, { doing, trouble })
    return new WalError(code, text, { retryable, cause })
  }

  /** The same for a call that appends: with the outcome that the append has by it. */
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

/** With one full stop between two sentences, wherever the first of them came from. */
function joined(sentences: readonly string[]): string {
  return sentences.join('. ').replaceAll('.. ', '. ')
}
