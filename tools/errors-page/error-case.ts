import type { ErrorCode } from '@wal/walimpls'

/** An error that a user can get, as the page of errors shows it. */
export interface ErrorCase {
  readonly code: ErrorCode
  /** What was wrong, or why the error happens: a cell of the page. */
  readonly what: string
  /** What the user should do. Absent for bad input, where the error's own text says it. */
  readonly advice?: string
  /** Causes the error for real. The function throws the error, or answers a promise that rejects with it. */
  make(): unknown
}

/** A mistake of the user, in words, and a function that makes it. */
export type BadInput = readonly [what: string, make: () => unknown]

export function badInput(given: readonly BadInput[]): ErrorCase[] {
  return given.map(([what, make]) => ({ code: 'WAL_INVALID_ARGUMENT', what, make }))
}
