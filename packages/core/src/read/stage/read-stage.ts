import type { MessageIdCodec, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { LogRecord } from '../../log/log-record.js'
import type { WriterState } from '../../log/recovery-point.js'

/**
 * A unit is what users get as one message: a stored record, or several that a stage has joined. A unit has the time tick, the
 * id and the writer of its last record, so every position names a record that is stored.
 */
export interface Unit extends LogRecord {
  /** Set when the record, in another system's log, was stored too late for its place in the order. */
  readonly late?: LatePlace
}

/** How far a reader had delivered when it found a record whose time tick is too low to be delivered in order. */
export interface LatePlace {
  readonly settled: TimeTick
  readonly settledFrom: string
  /** The term that was current at the record `settledFrom`; -1 when unknown. */
  readonly startTerm: number
}

/** What a stage may know of the WAL that reads the log. */
export interface StageContext {
  /** Backend and channel, as errors name them. */
  readonly where: string
  readonly ids: MessageIdCodec
}

/**
 * A step that records pass between the log and the reader's user; `read/stages.ts` lists the steps in their order.
 *
 * A stage gets each record that counts once, in log order, wherever the record comes from: the reader may change from the
 * backend to memory and back, and may open a new backend scanner, and keeps its stages. Only a reader that rests drops its
 * stages, and wakes with new ones, which start at its position.
 *
 * A reader often has to start reading below the position from which it resumed. A stage gets these records too. The stage
 * `start` keeps them from being delivered.
 */
export interface ReadStage {
  /**
   * Returns the units that go on to the next stage; `units` follow each other in the log. If all of them go on unchanged, the
   * same list is returned. Other readers may get the same objects, so a stage that changes a unit copies it. A stage that fails
   * in the middle throws `EndedRun`.
   */
  pass(units: readonly Unit[]): readonly Unit[]
  /**
   * The next records are gone, so a unit of which a stage holds the first records is never completed. `known`: the current
   * writer behind the gap, and the last time tick that is missing; undefined when nobody knows.
   */
  passGap?(known: GapEdge | undefined): void
  /**
   * Of a stage that a writer needs as well, when a log is opened for writing: what the stage knows, once it was given every
   * record from the recovery point up to the writer's own opening record. It is the writer's from then on.
   */
  recovered?(): WriterState
  close?(): void
}

export type GapEdge = Pick<KnownPlace, 'writer' | 'timeTick'>

/** Thrown by a stage that fails in the middle of a list of units. The units `before` the failure are still delivered. */
export class EndedRun {
  constructor(
    readonly before: readonly Unit[],
    readonly error: unknown,
  ) {}
}
