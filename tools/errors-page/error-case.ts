import type { ErrorCode } from '@wal/walimpls'

/** An error that a user can meet. */
export interface ErrorCase {
  readonly code: ErrorCode
  /** What was wrong, or why it happens: a cell of the page. */
  readonly what: string
  /** What to do; of bad input the text says it itself. */
  readonly advice?: string
  /** Brings it about, for real. It may be thrown or rejected with. */
  make(): unknown
}

/** What the user did wrong, and how to do it. */
export type BadInput = readonly [what: string, make: () => unknown]

export function badInput(given: readonly BadInput[]): ErrorCase[] {
  return given.map(([what, make]) => ({ code: 'WAL_INVALID_ARGUMENT', what, make }))
}
