import type { MessageIdCodec, TimeTick } from '@wal/walimpls'
import type { KnownPlace } from '../../log/known-place.js'
import type { LogRecord } from '../../log/log-record.js'

/**
 * What a stage is given and hands on: a stored record, or one that an earlier stage made of several. A unit has the time
 * tick, the id and the writer of its last record, so that a position which names the unit names a record that is stored.
 */
export interface Unit extends LogRecord {
  /** Of a record in another system's log that came too late for its place in the order. */
  readonly late?: LatePlace
}

/** Where a reader stood when a record came whose time tick lies below what was delivered. */
export interface LatePlace {
  readonly settled: TimeTick
  readonly settledFrom: string
  /** Term that was current at `settledFrom`, -1 if unknown. */
  readonly startTerm: number
}

/** What a stage may need of the WAL whose log is read. */
export interface StageContext {
  /** For messages: backend and channel. */
  readonly where: string
  readonly ids: MessageIdCodec
}

/**
 * A step on the way from stored records to what a reader delivers; `read/stages.ts` lists the steps in their order.
 *
 * A stage is given each record that counts once, in log order, wherever the record came from: the reader may change from the
 * backend to the buffer and back, and its backend scanner may start again, and the stage keeps what it holds. Only a reader
 * that rests lets go of its stages; it wakes with new ones, which begin at its position.
 *
 * A stage is also given records below the position that the reader resumed from, as far as reading has to begin below that
 * position. Units made of these alone are not delivered: the stage `start` drops every unit up to the position.
 */
export interface ReadStage {
  /**
   * What goes on of these units, which follow each other in the log: the same list, when all of them go on as they are.
   * Units may be shared with other readers, so a stage that has to change one makes another. A stage that can't go on in
   * the middle throws `EndedRun`.
   */
  pass(units: readonly Unit[]): readonly Unit[]
  /**
   * The records that would come next are gone. What a stage holds back of a unit is incomplete forever. `known`: who is
   * the current writer behind the gap, and the last time tick that belongs to it; undefined when nobody knows.
   */
  passGap?(known: GapEdge | undefined): void
  close?(): void
}

export type GapEdge = Pick<KnownPlace, 'writer' | 'timeTick'>

/** What ends a reader in the middle of a run. The units before it are still delivered. */
export class EndedRun {
  constructor(
    readonly before: readonly Unit[],
    readonly error: unknown,
  ) {}
}
