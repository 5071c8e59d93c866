import { type LogRecord, startFrom, startIdOf } from '../../log/log-record.js'
import { isSameWriter } from '../../log/same-writer.js'
import { EndedRun, type ReadStage, type StageContext, type Unit } from './read-stage.js'

/**
 * A stage that joins records which belong together to one unit, and holds them back until the last one is read. A unit that
 * leaves the stage meanwhile gets a position that begins at the first record held back. So a reader that resumes there reads
 * the held records again.
 *
 * Such a stage must limit the bytes that it holds, as `reorder.ts` does, since the page budget does not count them.
 *
 * Example: record 7 begins a unit, record 8 is a message by itself, and record 9 ends the unit. The stage delivers message 8,
 * then the unit, which has the time tick of record 9. A reader that resumes behind message 8 starts to read at record 7. It
 * delivers only what has a greater time tick than message 8, so it delivers the unit, and not message 8 again.
 */
export abstract class HoldingStage implements ReadStage {
  readonly #context: StageContext

  constructor(context: StageContext) {
    this.#context = context
  }

  /** The first record, in log order, that is held back; undefined when none is. */
  protected abstract readonly firstHeld: LogRecord | undefined

  /**
   * Holds the record back, or adds to `out` the units that can be delivered now. An error that it throws ends the reader behind
   * the units in `out`.
   */
  protected abstract passOne(record: Unit, out: Unit[]): void

  /** Drops all held records, since the records that would complete their units are gone or void. */
  protected abstract drop(): void

  pass(records: readonly Unit[]): readonly Unit[] {
    const out: Unit[] = []
    try {
      for (const record of records) {
        // Another writer is the current one now. The earlier writer can complete no unit: all that it stores later is void.
        if (this.firstHeld !== undefined && !isSameWriter(this.firstHeld, record)) this.drop()
        const held = this.firstHeld
        const passed = out.length
        this.passOne(record, out)
        const first = held ?? this.firstHeld
        if (first !== undefined) for (let i = passed; i < out.length; i++) this.#beginAt(first, out, i)
      }
    } catch (error) {
      throw new EndedRun(out, error)
    }
    return out
  }

  passGap(): void {
    this.drop()
  }

  /** Makes the position of unit `i` begin at the record `first`, unless it begins before that record. */
  #beginAt(first: LogRecord, out: Unit[], i: number): void {
    const { ids } = this.#context
    const unit = out[i] as Unit
    const begins = startIdOf(unit, this.#context)
    if (ids.compare(begins, startIdOf(first, this.#context)) <= 0) return
    const { startTerm } = first
    out[i] = {
      ...unit,
      lastConfirmed: startFrom(first, ids),
      ...(startTerm === undefined ? {} : { startTerm }),
    }
  }
}
