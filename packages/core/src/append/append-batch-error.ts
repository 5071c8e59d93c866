import { AppendError, type AppendOutcome, WalError } from '@wal/walimpls'
import type { AppendResult } from '../wal.js'

/** `appendBatch` failed: `results` are certain, they are the batch's beginning; the rest has one outcome. */
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
      { outcome, cause: error, ...(token === undefined ? {} : { token }) },
    )
    this.name = 'AppendBatchError'
    this.results = results
  }
}
