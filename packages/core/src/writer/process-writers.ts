import type { Runtime, TimeTick } from '@wal/walimpls'

/**
 * One writer of this process, as all copies of this package in the process see it. Its fields must never change their meaning,
 * since copies of two versions of the package use them with each other.
 */
export interface ProcessWriter {
  readonly term: number
  readonly incarnation: string
  readonly openingTick: TimeTick
  /** How many milliseconds to wait for `supersede` before going on without it. */
  readonly patienceMs: number
  /**
   * Closes the writer's WAL and lets it finish its appends. `reason` is the sentence that its signal and later appends give.
   */
  supersede(reason: string): Promise<void>
}

type Writers = Map<string, ProcessWriter>

const key = Symbol.for('@wal/core/writers')

/**
 * The writers of this process, at most one for each log. Each runtime has its own list, since in a simulation each runtime
 * plays one process. A worker thread has its own list too, so between threads only the log's fence decides.
 */
export function processWriters(runtime: Runtime): Writers {
  const holder = globalThis as { [key]?: WeakMap<Runtime, Writers> }
  if (holder[key] === undefined) Object.defineProperty(globalThis, key, { value: new WeakMap() })
  const byRuntime = holder[key] as unknown as WeakMap<Runtime, Writers>
  const writers = byRuntime.get(runtime) ?? new Map<string, ProcessWriter>()
  byRuntime.set(runtime, writers)
  return writers
}

/**
 * Names a log by where it is stored and by its identity. Two URLs of one folder name one log. A copy of the folder, or a dump
 * restored on another server, is another log, although its records name the same identity.
 */
export function logKey(backend: string, place: string, logIdentity: string): string {
  return `${backend} ${place} ${logIdentity}`
}

/**
 * Whether the first writer is the newer one: it has a higher term, or the same term and a greater time tick in its opening
 * record.
 */
export function isLater(one: ProcessWriter, other: ProcessWriter): boolean {
  return one.term === other.term ? one.openingTick > other.openingTick : one.term > other.term
}
