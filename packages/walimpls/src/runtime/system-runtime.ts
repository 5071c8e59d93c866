import type { Runtime } from './runtime.js'
import { systemFileSystem } from './system-file-system.js'

/** The real clock, timers, randomness and disk: the only place besides `system-file-system.ts` that touches them. */
export const systemRuntime: Runtime = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimeout(run, ms, options) {
    const timer = setTimeout(run, ms)
    if (options?.background) timer.unref()
    return { clear: () => clearTimeout(timer) }
  },
  yield: () => new Promise((resolve) => setImmediate(resolve)),
  files: systemFileSystem,
}
