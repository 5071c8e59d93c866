import { invalidArgument } from '../../errors/invalid-argument.js'
import type { FileSystem } from '../../runtime/file-system.js'
import type { Runtime } from '../../runtime/runtime.js'
import { seededRandom } from '../faults/seeded-random.js'
import { SimulatedTime } from './simulated-time.js'

export interface SimulatedRuntimeOptions {
  /** The same seed gives the same run. */
  readonly seed: number
  /** The time of the wall clock at the start, in milliseconds since 1970. Default: the beginning of 2025. */
  readonly start?: number
  /** The file system, a simulated disk, say. Without one the runtime has no files. */
  readonly files?: FileSystem
}

/**
 * A runtime whose time is virtual and whose schedule comes from a seed. Its time stands still until a test calls `run` or
 * `advance`; only one such call may be under way. Code under this runtime may wait for promises and for timers and `yield` of
 * the runtime, but not for real I/O.
 */
export interface SimulatedRuntime extends Runtime {
  readonly seed: number
  /** Virtual milliseconds since the start, with fractions. Never goes back. */
  readonly elapsedMs: number
  /** Moves time on until `until` settles. Rejects when that takes more than `withinMs` of virtual time (default: a day). */
  run<T>(until: Promise<T>, options?: { readonly withinMs?: number }): Promise<T>
  /** Moves time on by `ms`. Resolves when every timer that is due by then has run. */
  advance(ms: number): Promise<void>
  /** Lets `ms` pass at once, as when the process was stopped for so long. Timers that fell due meanwhile run late, in order. */
  leap(ms: number): void
  /** Sets the wall clock forward by `ms`, or back when negative. Timers are not affected. */
  moveWallClock(ms: number): void
  /**
   * The runtime of another process in the same virtual time, with a wall clock and random numbers of its own. `run` and
   * `advance` of any of these runtimes move the time of all.
   */
  another(): SimulatedRuntime
}

const START = Date.UTC(2025, 0, 1)
const A_DAY_MS = 86_400_000
/** Between the seeds of two processes, so that their random numbers have nothing in common. */
const SEED_STEP = 0x9e3779b1

export function simulatedRuntime({ seed, start = START, files }: SimulatedRuntimeOptions): SimulatedRuntime {
  const time = new SimulatedTime(seed)
  let processes = 0
  const process = (): SimulatedRuntime => {
    const random = seededRandom(seed + ++processes * SEED_STEP)
    let wallClockMoved = 0
    return {
      seed,
      get elapsedMs() {
        return time.elapsed
      },
      now: () => Math.floor(start + wallClockMoved + time.elapsed),
      monotonic: () => time.elapsed,
      random,
      // As in Node, no timer runs sooner than after a millisecond.
      setTimeout: (run, ms) => time.plan(run, Math.max(1, ms)),
      yield: () => time.turn(),
      get files() {
        return files ?? noFiles()
      },
      run: (until, { withinMs = A_DAY_MS } = {}) => time.run(until, withinMs),
      advance: (ms) => time.advance(ms),
      leap: (ms) => time.leap(ms),
      moveWallClock: (ms) => {
        wallClockMoved += ms
      },
      another: process,
    }
  }
  return process()
}

function noFiles(): never {
  throw invalidArgument('This simulated runtime has no files. Give simulatedRuntime the option "files"')
}
