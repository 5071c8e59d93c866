const MIB = 1 << 20

export interface ResidentSet {
  readonly startRssMiB: number
  readonly maxRssMiB: number
  readonly endRssMiB: number
}

/** Watches this process's resident set from now on. The returned function ends the watch and returns the figures. */
export function watchResidentSet(): () => ResidentSet {
  const start = process.memoryUsage.rss()
  let max = start
  const timer = setInterval(() => {
    max = Math.max(max, process.memoryUsage.rss())
  }, 10)
  return () => {
    clearInterval(timer)
    const end = process.memoryUsage.rss()
    return { startRssMiB: inMiB(start), maxRssMiB: inMiB(Math.max(max, end)), endRssMiB: inMiB(end) }
  }
}

export function residentMiB(): number {
  return inMiB(process.memoryUsage.rss())
}

/** The bytes in use after a garbage collection, in the heap and in buffers outside. Needs `--expose-gc`. */
export function heldMiB(): number {
  if (globalThis.gc === undefined) throw new Error('start this process with --expose-gc')
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return inMiB(heapUsed + external)
}

function inMiB(bytes: number): number {
  return Math.round(bytes / MIB)
}
