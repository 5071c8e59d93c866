import type { FileSystem } from './file-system.js'

export interface Timer {
  clear(): void
}

/**
 * Everything nondeterministic that core, backends and helpers may touch. The default is the real machine
 * (`systemRuntime`); tests hand in a simulated one and can then replay a whole run from a seed.
 */
export interface Runtime {
  /** Wall clock, milliseconds since 1970, an integer. */
  now(): number
  /** Milliseconds, with fractions, since some moment: for durations. Never goes back. */
  monotonic(): number
  /** Uniform in [0, 1). */
  random(): number
  /** Keeps the process alive while it waits, unless `background`. */
  setTimeout(run: () => void, ms: number, options?: { readonly background?: boolean }): Timer
  /** Runs after the current turn of the event loop has let I/O in. */
  yield(): Promise<void>
  /**
   * Keeps the process alive until what is returned is cleared. A waiting reader asks for it: it may wait for a promise
   * alone, and Node ends a process that has only promises left. Optional: without it such a process ends.
   */
  hold?(): Timer
  readonly files: FileSystem
}
