import type { FileSystem } from './file-system.js'

export interface Timer {
  clear(): void
}

/**
 * Clock, timers, randomness and files. Core, backends and helpers use nothing nondeterministic but this. The default is the
 * real machine (`systemRuntime`). A test may pass a simulated runtime instead, and can then repeat a whole run from a seed.
 */
export interface Runtime {
  /** The wall clock: whole milliseconds since 1970. */
  now(): number
  /** Milliseconds with fractions since an arbitrary moment, to measure durations. Never goes back. */
  monotonic(): number
  /** A random number, uniform in [0, 1). */
  random(): number
  /** Calls `run` after `ms`. The timer keeps the process alive, unless it is a `background` timer. */
  setTimeout(run: () => void, ms: number, options?: { readonly background?: boolean }): Timer
  /** Resolves after the event loop has handled I/O once. */
  yield(): Promise<void>
  /**
   * Keeps the process alive until the returned timer is cleared. Used while a reader waits: the reader may wait for nothing but
   * a promise, and Node ends a process in which only promises are left. Optional: without it such a process ends.
   */
  hold?(): Timer
  readonly files: FileSystem
}
