import { AppendError, type AppendOutcome, WalError } from '@wal/walimpls'
import type { AppendResult } from '../api/wal.js'

/** Why the messages of a batch that are not known to be written are not. */
export interface BatchFailure {
  /** What the first of them failed with. */
  readonly cause: unknown
  /** `unknown` as soon as it is so for one of them. */
  readonly outcome: AppendOutcome
  /** Names those that were sent and have no known outcome. */
  readonly token?: string | undefined
}

/**
 * The error that `appendBatch` rejects with. An error of another class (an abort's reason) stays as it is when nothing was
 * sent.
 */
export function batchFailure(
  results: readonly AppendResult[],
  total: number,
  failure: BatchFailure,
): unknown {
  const { cause, outcome } = failure
  if (!WalError.isInstance(cause) && outcome === 'not-written' && results.length === 0) return cause
  return new AppendBatchError(results, total, failure)
}

/**
 * `appendBatch` failed. `results` are those of the first messages, which are written. The other messages have one outcome
 * together. Example: of five messages, two were stored, and the connection broke with the others on their way. Then there are
 * two results, the outcome is `unknown`, and `resolve(token)` tells how many of the last three were stored.
 */
export class AppendBatchError extends AppendError {
  readonly results: readonly AppendResult[]

  constructor(results: readonly AppendResult[], total: number, { cause, outcome, token }: BatchFailure) {
    super(
      WalError.isInstance(cause) ? cause.code : outcome === 'unknown' ? 'WAL_OUTCOME_UNKNOWN' : 'WAL_TIMEOUT',
      `${results.length} of ${total} messages were appended; for the others: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        outcome,
        cause,
        ...(WalError.isInstance(cause) ? { retryable: cause.retryable } : {}),
        ...(token === undefined ? {} : { token }),
      },
    )
    this.name = 'AppendBatchError'
    this.results = results
  }
}
