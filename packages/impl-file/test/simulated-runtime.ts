import type { FileSystem, Runtime } from '@wal/walimpls'

/** Timers at once, time by steps: the simulation waits for nothing. */
export function simulatedRuntime(files: FileSystem, random: () => number): Runtime {
  let now = 1_700_000_000_000
  return {
    monotonic: () => 0,
    now: () => ++now,
    random,
    setTimeout(run) {
      const immediate = setImmediate(run)
      return { clear: () => clearImmediate(immediate) }
    },
    yield: () => new Promise((resolve) => setImmediate(resolve)),
    files,
  }
}
