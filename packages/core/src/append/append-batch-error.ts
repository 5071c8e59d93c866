import { AppendError, type AppendOutcome, WalError } from '@wal/walimpls'
import type { AppendResult } from '../api/wal.js'

/** What an `appendBatch` rejects with: when nothing was sent, a foreign error (an abort's reason) as it is. */
export function batchFailure(
  results: readonly AppendResult[],
  total: number,
  error: unknown,
  unknown: boolean,
  token: string | undefined,
): unknown {
  if (!WalError.isInstance(error) && !unknown && results.length === 0) return error
  return new AppendBatchError(results, total, error, unknown ? 'unknown' : 'not-written', token)
}

/**
 * `appendBatch` failed: `results` are certain, they are the batch's beginning; the rest has one outcome. When that is
 * unknown, the `token` names all messages of the rest: `resolve` tells how many of them were stored.
 */
export class AppendBatchError extends AppendError {
  readonly results: readonly AppendResult[]

  constructor(
    results: readonly AppendResult[],
    total: number,
    error: unknown,
    outcome: AppendOutcome,
    token?: string,
  ) {
    super(
      WalError.isInstance(error) ? error.code : outcome === 'unknown' ? 'WAL_OUTCOME_UNKNOWN' : 'WAL_TIMEOUT',
      `${results.length} of ${total} messages were appended; for the others: ${error instanceof Error ? error.message : String(error)}`,
      {
        outcome,
        cause: error,
        ...(WalError.isInstance(error) ? { retryable: error.retryable } : {}),
        ...(token === undefined ? {} : { token }),
      },
    )
    this.name = 'AppendBatchError'
    this.results = results
  }
}
