import type { Runtime } from '../runtime/runtime.js'

export interface BackoffOptions {
  /** The first pause. Default 10. */
  readonly firstMs?: number
  /** How much longer each pause is than the one before. Default 2. */
  readonly factor?: number
  /** The longest pause. Default 5,000. */
  readonly maxMs?: number
  /** The part of a pause that chance may take off, from 0 to 1, so that clients which failed together return apart. Default 0.5. */
  readonly jitter?: number
}

/**
 * How long to wait behind so many failures in a row, from 1 on. With the defaults: 5 to 10 ms behind the first, 10 to 20
 * behind the second, and so on up to 2.5 to 5 s.
 */
export function backoffMs(
  runtime: Pick<Runtime, 'random'>,
  failures: number,
  options: BackoffOptions = {},
): number {
  const { firstMs = 10, factor = 2, maxMs = 5_000, jitter = 0.5 } = options
  return Math.min(maxMs, firstMs * factor ** (failures - 1)) * (1 - jitter * runtime.random())
}
