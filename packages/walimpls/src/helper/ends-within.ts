import type { Runtime } from '../runtime/runtime.js'
import { deferred } from './deferred.js'

/**
 * Whether the work ended in that time; rejects when it failed in that time. Work that is late goes on, and its failure is not
 * reported: for a driver's close, which may wait forever for a server that does not answer.
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
