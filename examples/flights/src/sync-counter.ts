import { type Runtime, systemRuntime } from '@wal/core'

/**
 * The real machine, but for a counter of what is made durable. A WAL takes clock, timers, randomness and files from its
 * runtime; tests put a simulated machine in its place in the same way.
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
