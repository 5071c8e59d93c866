import { DuplicateJudge } from '../../log/duplicate-judge.js'
import type { LogRecord } from '../../log/log-record.js'
import type { ReadStage, Unit } from './read-stage.js'
import type { OwnReading, Reading } from './reading.js'
import { Sieve } from './sieve.js'

/**
 * The stage that drops records which were stored before, and moves the reader's bookmark. It also drops records that are read a
 * second time, because a new backend scanner starts at the last record that counted.
 *
 * In another system's log records may have equal time ticks, so a time tick does not show a second copy. Its bookmark drops
 * what is read a second time by the record's id.
 */
export function storedDuplicates(reading: Reading): ReadStage | undefined {
  return reading.kind === 'own' ? new StoredDuplicates(reading) : undefined
}

class StoredDuplicates extends Sieve {
  readonly #reading: OwnReading
  /**
   * Starts without the time tick of the reader's position: records below that position have to reach the later stages, and
   * would be taken for second copies.
   */
  readonly #judge = new DuplicateJudge()

  constructor(reading: OwnReading) {
    super()
    this.#reading = reading
  }

  override pass(records: readonly Unit[]): readonly Unit[] {
    const counted = super.pass(records)
    const last = counted[counted.length - 1]
    if (last !== undefined) this.#reading.bookmark.moveTo(last)
    return counted
  }

  protected admits(record: LogRecord): boolean {
    const isCopy = this.#judge.isCopy(record)
    if (isCopy) this.#reading.passedOver.duplicates++
    return !isCopy
  }
}
