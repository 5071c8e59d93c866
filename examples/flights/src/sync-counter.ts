import { type Runtime, systemRuntime } from '@wal/core'

/**
 * The real clock, timers, randomness and files, with a counter of file syncs. A WAL takes all of these from its runtime, and
 * tests pass a simulated runtime in the same way.
 */
export function countSyncs(): { runtime: Runtime; syncs(): number } {
  let count = 0
  const { files } = systemRuntime
  const runtime: Runtime = {
    ...systemRuntime,
    files: {
      ...files,
      async open(path, mode) {
        const file = await files.open(path, mode)
        return {
          ...file,
          writeDurably(bytes, position) {
            count++
            return file.writeDurably(bytes, position)
          },
          sync() {
            count++
            return file.sync()
          },
        }
      },
    },
  }
  return { runtime, syncs: () => count }
}
