import type { TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import type { Bookmark } from './stage/bookmark.js'
import { FOREIGN_BEGINNING, ForeignBookmark } from './stage/foreign-bookmark.js'
import { OwnBookmark } from './stage/own-bookmark.js'
import { EndedRun, type GapEdge, type ReadStage, type Unit } from './stage/read-stage.js'
import type { PassedOver, Reading } from './stage/reading.js'
import { type MakeStage, READ_STAGES } from './stages.js'

export interface LogReadingOptions {
  /** Whether a system other than this library wrote the log. */
  readonly isForeign: boolean
  /** Whether records that belong together are delivered as one unit. */
  readonly assembles: boolean
  /**
   * Whether a record that was stored too late for its place in the order is delivered. Otherwise it ends the reader with
   * `WAL_CORRUPT`.
   */
  readonly deliverLate: boolean
}

/**
 * The state of one reader: its bookmark in the log, and the stages that records pass. It is kept when the backend's scanner is
 * replaced.
 */
export class LogReading {
  readonly bookmark: Bookmark
  readonly passedOver: PassedOver
  readonly #counting: readonly ReadStage[]
  readonly #assembling: readonly ReadStage[]
  #ended: { readonly error: unknown; readonly timeTick: TimeTick } | undefined

  constructor(context: ReadContext, plan: ReadPlan, options: LogReadingOptions) {
    const reading = options.isForeign ? foreignReading(context, plan, options) : ownReading(context, plan)
    const made = (makers: readonly MakeStage[]) =>
      makers.map((make) => make(reading)).filter((stage) => stage !== undefined)
    this.bookmark = reading.bookmark
    this.passedOver = reading.passedOver
    const { counting, assembling, start } = READ_STAGES
    this.#counting = made(counting)
    this.#assembling = made(options.assembles ? [...assembling, start] : [start])
  }

  /** Every unit up to this time tick has left the stages; -1 when none has. */
  get timeTick(): TimeTick {
    return this.#ended?.timeTick ?? this.bookmark.timeTick
  }

  /** The error that ended the reader; it is told behind all units that lie before it. */
  get ended(): { readonly error: unknown } | undefined {
    return this.#ended
  }

  /**
   * Returns the records that count: the ones that are neither void nor second copies. `records` continue the log where the last
   * call ended.
   */
  count(records: readonly LogRecord[]): readonly Unit[] {
    return this.#pass(records, this.#counting)
  }

  /** Returns the units that can be delivered now, of records that count. */
  assemble(records: readonly Unit[]): readonly Unit[] {
    return this.#pass(records, this.#assembling)
  }

  #pass(records: readonly Unit[], stages: readonly ReadStage[]): readonly Unit[] {
    const { timeTick } = this
    let units = records
    for (const stage of stages) {
      if (units.length === 0) break
      try {
        units = stage.pass(units)
      } catch (error) {
        const run = error instanceof EndedRun ? error : new EndedRun([], error)
        units = run.before
        // An earlier stage may have ended the reader at a later record; this error comes first in the log.
        this.#ended = { error: run.error, timeTick: units[units.length - 1]?.timeTick ?? timeTick }
      }
    }
    return units
  }

  passGap(known: GapEdge | undefined): void {
    this.bookmark.passGap(known)
    for (const stage of [...this.#counting, ...this.#assembling]) stage.passGap?.(known)
  }

  close(): void {
    for (const stage of [...this.#counting, ...this.#assembling]) stage.close?.()
  }
}

function ownReading(context: ReadContext, plan: ReadPlan): Reading {
  const { known, resumed } = plan.kind === 'own' ? plan : { known: undefined, resumed: undefined }
  const bookmark = new OwnBookmark(context.where, known, resumed)
  return { kind: 'own', context, bookmark, known, passedOver: { voids: 0, duplicates: 0 } }
}

function foreignReading(context: ReadContext, plan: ReadPlan, options: LogReadingOptions): Reading {
  const start = plan.kind === 'foreign' ? plan.foreign : FOREIGN_BEGINNING
  const bookmark = new ForeignBookmark(context, start)
  const { deliverLate } = options
  return { kind: 'foreign', context, bookmark, deliverLate, passedOver: { voids: 0, duplicates: 0 } }
}
