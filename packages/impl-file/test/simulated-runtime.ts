import type { FileSystem, Runtime } from '@wal/walimpls'

/** A runtime whose timers run at once and whose clock moves in steps, so that the simulation never waits. */
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
