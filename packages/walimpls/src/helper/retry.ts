import { WalError } from '../errors/wal-error.js'
import type { Runtime } from '../runtime/runtime.js'
import { sleep } from './sleep.js'

export interface RetryOptions {
  /** Its abort ends the waiting between two attempts; the attempt itself must watch it too. */
  readonly signal?: AbortSignal
  /** The first pause. */
  readonly firstMs?: number
  /** How much longer each pause is than the one before. */
  readonly factor?: number
  /** The longest pause. */
  readonly maxMs?: number
  /** The part of a pause that chance may take off, from 0 to 1: clients that failed together return apart. */
  readonly jitter?: number
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
  const {
    signal,
    firstMs = 10,
    factor = 2,
    maxMs = 5_000,
    jitter = 0.5,
    shouldRetry = isRetryable,
    failed,
  } = options
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
    const pause = Math.min(maxMs, firstMs * factor ** (failures - 1))
    await sleep(runtime, pause * (1 - jitter * runtime.random()), signal)
  }
}

function isRetryable(error: unknown): boolean {
  return WalError.isInstance(error) && error.retryable
}
