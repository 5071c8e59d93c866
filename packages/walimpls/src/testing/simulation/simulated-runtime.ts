import { invalidArgument } from '../../errors/invalid-argument.js'
import type { FileSystem } from '../../runtime/file-system.js'
import type { Runtime } from '../../runtime/runtime.js'
import { seededRandom } from '../faults/seeded-random.js'
import { SimulatedTime } from './simulated-time.js'

export interface SimulatedRuntimeOptions {
  /** The same seed, the same run. */
  readonly seed: number
  /** What the wall clock shows first, in milliseconds since 1970. Default: the beginning of 2025. */
  readonly start?: number
  /** A simulated disk, say. Without it there are no files. */
  readonly files?: FileSystem
}

/**
 * A runtime whose time is virtual and whose schedule comes from a seed. It does nothing by itself: `run` or `advance`
 * moves time, one call at a time. Only promises, timers and `yield` of this runtime may be waited for under it; real I/O
 * is not.
 */
export interface SimulatedRuntime extends Runtime {
  readonly seed: number
  /** Virtual milliseconds since the start, with fractions; never goes back. */
  readonly elapsedMs: number
  /** Moves time on as far as it takes for `until` to settle; rejects when it does not within `withinMs` (default: a day). */
  run<T>(until: Promise<T>, options?: { readonly withinMs?: number }): Promise<T>
  /** Moves time on by `ms`; resolves when everything due by then has happened. */
  advance(ms: number): Promise<void>
  /** Lets `ms` pass at one blow, as over a process that was stopped: what fell due meanwhile runs late, in order. */
  leap(ms: number): void
  /** Sets the wall clock forwards or (negative) backwards. Timers do not notice. */
  moveWallClock(ms: number): void
  /** A further process in the same virtual time, with a wall clock and randomness of its own. Any of them drives all. */
  another(): SimulatedRuntime
}

const START = Date.UTC(2025, 0, 1)
const A_DAY_MS = 86_400_000
/** Apart enough that two sequences of chance have nothing in common. */
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
      // As Node's: nothing runs sooner than in a millisecond.
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
