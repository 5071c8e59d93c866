import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'
import { type BackoffOptions, backoffMs } from './backoff.js'
import { sleep } from './sleep.js'

export interface RetryOptions extends BackoffOptions {
  /** Its abort ends the waiting between two attempts; the attempt itself must watch it too. */
  readonly signal?: AbortSignal
  /** By default only errors of ours that say `retryable`; a driver's error is not understood until it is mapped. */
  readonly shouldRetry?: (error: unknown, failures: number) => boolean
  /** Called after every failure that is followed by another attempt. */
  readonly failed?: (error: unknown) => void
}

/** Calls `attempt` until it succeeds, with growing pauses. `failures` counts the attempts before this one. */
export async function retry<T>(
  runtime: Pick<Runtime, 'setTimeout' | 'random'>,
  options: RetryOptions,
  attempt: (failures: number) => Promise<T>,
): Promise<T> {
  const { signal, shouldRetry = isRetryable, failed } = options
  for (let failures = 0; ; ) {
    signal?.throwIfAborted()
    try {
      return await attempt(failures)
    } catch (error) {
      signal?.throwIfAborted()
      failures++
      if (!shouldRetry(error, failures)) throw error
      failed?.(error)
    }
    await sleep(runtime, backoffMs(runtime, failures, options), signal)
  }
}

function isRetryable(error: unknown): boolean {
  return WalError.isInstance(error) && error.retryable
}
