/** The memory that docs promise for a whole process: a budget of 64 MiB, and 150 MiB more. */
export const PROMISE_MIB = 64 + 150
/** The MiB of an idle Node process, which are part of the promise. The memory of the TypeScript loader is not counted. */
const IDLE_MIB = 45
/**
 * A short run may use half as much again as is promised, since the garbage collector may come late while all other tests run
 * too. A long run must keep the promise.
 */
const HASTE = 1.5

/** How much a process's resident set may grow after it has opened a log. */
export function allowedGrowthMiB(long: boolean): number {
  return (PROMISE_MIB - IDLE_MIB) * (long ? 1 : HASTE)
}

/**
 * Limits V8's heap as a machine with no more memory than was promised would. On a machine with much memory V8 lets garbage lie,
 * and the resident set would show how late the collector runs, not how much memory is held.
 */
export function heapArguments(long: boolean): string[] {
  return [`--max-old-space-size=${Math.round((PROMISE_MIB / 2) * (long ? 1 : HASTE))}`]
}
