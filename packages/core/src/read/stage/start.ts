import type { TimeTick } from '@wal/walimpls'
import type { GapEdge, ReadStage, Unit } from './read-stage.js'
import type { ForeignReading, OwnReading, Reading } from './reading.js'
import { Sieve } from './sieve.js'

/**
 * Drops the units up to the position that reading starts behind. Reading often begins at a record before that position: at
 * the first record of a unit that was incomplete there, or at one that the position's message was confirmed with.
 *
 * Example: a reader resumes behind message 8, and reads from record 5 on. Records 5 to 8 reach every stage before this one,
 * and none of them is delivered.
 */
export function start(reading: Reading): ReadStage {
  return reading.kind === 'own' ? new OwnStart(reading) : new ForeignStart(reading)
}

class OwnStart extends Sieve {
  #timeTick: TimeTick
  /** Units have rising time ticks, so behind the first one above the start nothing has to be compared. */
  #isPast: boolean

  constructor({ known }: OwnReading) {
    super()
    this.#timeTick = known?.timeTick ?? -1n
    this.#isPast = known === undefined
  }

  override pass(units: readonly Unit[]): readonly Unit[] {
    if (this.#isPast) return units
    const above = super.pass(units)
    this.#isPast = above.length > 0
    return above
  }

  protected admits({ timeTick }: Unit): boolean {
    return timeTick > this.#timeTick
  }

  passGap(known: GapEdge | undefined): void {
    if (known === undefined) return
    this.#timeTick = known.timeTick
    this.#isPast = false
  }
}

class ForeignStart extends Sieve {
  readonly #reading: ForeignReading

  constructor(reading: ForeignReading) {
    super()
    this.#reading = reading
  }

  protected admits(unit: Unit): boolean {
    return this.#reading.bookmark.isNew(unit, unit.late?.settled ?? unit.timeTick)
  }
}
