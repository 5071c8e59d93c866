import type { Runtime } from '../runtime/runtime.js'

export interface BackoffOptions {
  /** The first pause, in milliseconds. Default: 10. */
  readonly firstMs?: number
  /** The factor by which each pause is longer than the one before. Default: 2. */
  readonly factor?: number
  /** The longest pause, in milliseconds. Default: 5,000. */
  readonly maxMs?: number
  /**
   * The part of a pause that is random, from 0 to 1. A random part keeps clients that failed together from all trying again at
   * the same moment. With 0.5, a pause of 10 ms lasts between 5 and 10 ms. Default: 0.5.
   */
  readonly jitter?: number
}

/**
 * How long to wait before the next attempt, after `failures` failures in a row (1 or more). With the defaults: 5 to 10 ms after
 * the first failure, 10 to 20 ms after the second, and so on, up to 2.5 to 5 s.
 */
export function backoffMs(
  runtime: Pick<Runtime, 'random'>,
  failures: number,
  options: BackoffOptions = {},
): number {
  const { firstMs = 10, factor = 2, maxMs = 5_000, jitter = 0.5 } = options
  return Math.min(maxMs, firstMs * factor ** (failures - 1)) * (1 - jitter * runtime.random())
}
