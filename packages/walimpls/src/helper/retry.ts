import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'
import { type BackoffOptions, backoffMs } from './backoff.js'
import { sleep } from './sleep.js'

export interface RetryOptions extends BackoffOptions {
  /** An abort of this signal ends the pause between two attempts. An attempt in progress has to watch the signal itself. */
  readonly signal?: AbortSignal
  /**
   * Which errors are worth another attempt. Default: a `WalError` that is `retryable`. Errors of a driver have to be mapped
   * first.
   */
  readonly shouldRetry?: (error: unknown, failures: number) => boolean
  /** Called after each failure, before the pause that leads to the next attempt. */
  readonly failed?: (error: unknown) => void
}

/**
 * Calls `attempt` until it succeeds, with growing pauses in between. `failures` is the number of attempts that have failed so
 * far.
 */
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
