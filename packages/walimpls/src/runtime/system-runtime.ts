import { holdProcess, nextTurn } from './event-loop.js'
import type { Runtime } from './runtime.js'
import { systemFileSystem } from './system-file-system.js'

const key = Symbol.for('@wal/walimpls/system-runtime')
const holder = globalThis as { [key]?: Runtime }

/**
 * The real clock, timers, randomness and disk. Only the files of this folder touch them. All copies of this package in a process
 * (ESM and CommonJS) share this object, since the clock of time ticks is kept by runtime.
 */
export const systemRuntime: Runtime = holder[key] ?? {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  random: () => Math.random(),
  setTimeout(run, ms, options) {
    const timer = setTimeout(run, ms)
    if (options?.background) timer.unref()
    return { clear: () => clearTimeout(timer) }
  },
  yield: nextTurn,
  hold: holdProcess,
  files: systemFileSystem,
}
holder[key] = systemRuntime
