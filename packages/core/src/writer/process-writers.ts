import type { Runtime, TimeTick } from '@wal/walimpls'

/**
 * A writer of this process, as every copy of this package in the process sees it. It holds plain data and functions, and
 * their meaning must never change: copies of two versions use them with each other.
 */
export interface ProcessWriter {
  readonly term: number
  readonly incarnation: string
  readonly openingTick: TimeTick
  /** How many milliseconds to wait for `supersede` before going on without it. */
  readonly patienceMs: number
  /** Closes the WAL, gracefully; `reason` is a sentence for its signal and for appends that come later. */
  supersede(reason: string): Promise<void>
}

type Writers = Map<string, ProcessWriter>

const key = Symbol.for('@wal/core/writers')

/**
 * The writers of this process by log: at most one each. A runtime stands for a process, so a simulation of several
 * gives each its own. A worker thread has a `globalThis` of its own: there the log's fence decides.
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
 * A log by where it is stored and what it says of itself: two URLs of one folder are one log, while a copy of the folder,
 * or a dump restored on another server, is another one though its records name the same identity.
 */
export function logKey(backend: string, place: string, logIdentity: string): string {
  return `${backend} ${place} ${logIdentity}`
}

/**
 * Whether readers take the first for the newer writer: it has a higher term, or the same term and a later opening record.
 */
export function isLater(one: ProcessWriter, other: ProcessWriter): boolean {
  return one.term === other.term ? one.openingTick > other.openingTick : one.term > other.term
}
