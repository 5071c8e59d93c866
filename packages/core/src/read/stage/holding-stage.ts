import { type LogRecord, startFrom, startIdOf } from '../../log/log-record.js'
import { isSameWriter } from '../../log/same-writer.js'
import { EndedRun, type ReadStage, type StageContext, type Unit } from './read-stage.js'

/**
 * A stage that holds records back until it has all of a unit. It says which record it has held for the longest, and every
 * unit that leaves it meanwhile gets a position that begins at that record: a reader that resumes there is given the held
 * records again.
 *
 * A stage bounds the bytes that it holds, as `reorder.ts` does: the scanner's budget of pages does not count them.
 *
 * Example: record 7 begins a unit, record 8 is a message by itself, and record 9 completes the unit. The stage delivers 8,
 * then the unit, whose time tick is that of record 9. A reader that resumes behind message 8 begins to read at record 7,
 * and delivers what has a greater time tick than message 8: the unit, and not message 8.
 */
export abstract class HoldingStage implements ReadStage {
  readonly #context: StageContext

  constructor(context: StageContext) {
    this.#context = context
  }

  /** The first in the log of the records that are held back. */
  protected abstract readonly firstHeld: LogRecord | undefined

  /** Holds the record back, or adds to `out` what is to go on now. What it throws ends the reader behind `out`. */
  protected abstract passOne(record: Unit, out: Unit[]): void

  /** Lets go of everything that is held: what would complete it is gone, or void. */
  protected abstract drop(): void

  pass(records: readonly Unit[]): readonly Unit[] {
    const out: Unit[] = []
    try {
      for (const record of records) {
        // A writer that was replaced completes nothing any more: whatever more it stores is void.
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

  /** The position of unit `i` begins at the record `first`, or before. */
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
