import type { Runtime } from '../runtime/runtime.js'
import { onAbort } from './on-abort.js'

/** Resolves after `ms` milliseconds. Rejects with `signal.reason` when the signal aborts, and clears the timer. */
export function sleep(runtime: Pick<Runtime, 'setTimeout'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    let stop = () => {}
    const timer = runtime.setTimeout(() => {
      stop()
      resolve()
    }, ms)
    if (signal === undefined) return
    stop = onAbort(signal, (reason) => {
      timer.clear()
      reject(reason)
    })
  })
}
