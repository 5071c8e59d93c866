import type { TimeTick } from '@wal/walimpls'
import type { GapEdge, ReadStage, Unit } from './read-stage.js'
import type { ForeignReading, OwnReading, Reading } from './reading.js'
import { Sieve } from './sieve.js'

/**
 * The stage that drops the units up to the position from which the reader resumed. Reading often has to begin at an earlier
 * record: at the first record of a unit that was not complete at that position, or at the last-confirmed id that another
 * system's record names.
 *
 * Example: a reader resumes behind message 8, and has to read from record 5 on. All earlier stages get the records 5 to 8, and
 * this one drops them.
 */
export function start(reading: Reading): ReadStage {
  return reading.kind === 'own' ? new OwnStart(reading) : new ForeignStart(reading)
}

class OwnStart extends Sieve {
  #timeTick: TimeTick
  /** Set at the first unit above the start. Time ticks of units rise, so no later unit need be compared. */
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
