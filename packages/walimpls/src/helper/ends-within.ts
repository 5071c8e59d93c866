import type { Runtime } from '../runtime/runtime.js'
import { deferred } from './deferred.js'

/**
 * Resolves to true when the work ends within the time, and to false when the time is over first; rejects when the work fails
 * within the time. Work that is late goes on, and its failure is not reported. Use: a driver's close may wait forever for a
 * server that does not answer.
 */
export async function endsWithin(
  runtime: Pick<Runtime, 'setTimeout'>,
  ms: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const { promise: late, resolve } = deferred<boolean>()
  const timer = runtime.setTimeout(() => resolve(false), ms)
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    timer.clear()
  }
}
