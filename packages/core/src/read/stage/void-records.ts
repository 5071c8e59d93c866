import { type LogRecord, refuseMixed } from '../../log/log-record.js'
import { VoidJudge } from '../../log/void-judge.js'
import type { GapEdge, ReadStage } from './read-stage.js'
import type { ForeignReading, OwnReading, Reading } from './reading.js'
import { Sieve } from './sieve.js'

/**
 * The first stage: drops void records. It also throws when a log holds records of this library and of another system, and shows
 * each record to the bookmark as long as the reader has to find a record again.
 */
export function voidRecords(reading: Reading): ReadStage {
  return reading.kind === 'own' ? new OwnVoids(reading) : new ForeignVoids(reading)
}

class OwnVoids extends Sieve {
  readonly #reading: OwnReading
  #judge: VoidJudge

  constructor(reading: OwnReading) {
    super()
    this.#reading = reading
    this.#judge = new VoidJudge(reading.known)
  }

  protected admits(record: LogRecord): boolean {
    const { context, bookmark, passedOver } = this.#reading
    refuseMixed(record, false, context)
    const isVoid = this.#judge.isVoid(record)
    if (bookmark.sought !== undefined) bookmark.look(record, isVoid)
    if (isVoid) passedOver.voids++
    return !isVoid
  }

  passGap(known: GapEdge | undefined): void {
    if (known === undefined) this.#judge.passHole()
    else this.#judge = new VoidJudge(known)
  }
}

class ForeignVoids extends Sieve {
  readonly #reading: ForeignReading

  constructor(reading: ForeignReading) {
    super()
    this.#reading = reading
  }

  protected admits(record: LogRecord): boolean {
    const { context, bookmark, passedOver } = this.#reading
    refuseMixed(record, true, context)
    if (!bookmark.moveTo(record)) return false
    const counts = bookmark.terms.counts(record)
    if (!counts) passedOver.voids++
    return counts
  }
}
