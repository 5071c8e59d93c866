import { DuplicateJudge } from '../../log/duplicate-judge.js'
import type { LogRecord } from '../../log/log-record.js'
import type { ReadStage, Unit } from './read-stage.js'
import type { OwnReading, Reading } from './reading.js'
import { Sieve } from './sieve.js'

/**
 * Drops second copies, and moves the bookmark. It does the same for what is read a second time: behind a failure a new
 * backend scanner begins at the last record that counted.
 *
 * In another system's log a time tick says nothing about copies, since records may share one. What is read a second time
 * there, its bookmark knows by the id.
 */
export function storedDuplicates(reading: Reading): ReadStage | undefined {
  return reading.kind === 'own' ? new StoredDuplicates(reading) : undefined
}

class StoredDuplicates extends Sieve {
  readonly #reading: OwnReading
  /**
   * Knows nothing of what lies before the first record read, even where the reader knows its position's time tick: records
   * below that time tick have to reach the stages behind this one.
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
