/** Budget of 64 MiB and 150 more, for the whole of a process. */
export const PROMISE_MIB = 64 + 150
/** An idle Node process has these bytes of it. The memory of the TypeScript loader is not counted. */
const IDLE_MIB = 45
/**
 * The long runs are held to the promise. In the seconds of a short one, beside all other tests, the resident set says as
 * much of how late the collector came: half as much again, which is still little beside what passes through.
 */
const HASTE = 1.5

/** How much a process's resident set may grow after it has opened a log. */
export function allowedGrowthMiB(long: boolean): number {
  return (PROMISE_MIB - IDLE_MIB) * (long ? 1 : HASTE)
}

/**
 * What V8 gives its heap by itself where there is no more memory than was promised. Where there is much, it lets garbage
 * lie, and the resident set says how lazy the collector was, not what is held.
 */
export function heapArguments(long: boolean): string[] {
  return [`--max-old-space-size=${Math.round((PROMISE_MIB / 2) * (long ? 1 : HASTE))}`]
}
