import { propertyOf, RESERVED, type TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { ReadOptions, ScannerElement } from '../api/scanner.js'
import { isTimeTick, type LogRecord } from '../log/log-record.js'
import { DeliveredGap } from './delivered-gap.js'
import { DeliveredMessage, ReadPlace } from './delivered-message.js'
import { DeliveredTimeTick } from './delivered-time-tick.js'
import { DeliveredViolation } from './delivered-violation.js'
import type { MissingRecords } from './missing-records.js'
import type { ReadContext } from './read-context.js'
import { ReadFilter } from './read-filter.js'
import type { ReadPlan } from './read-plan.js'
import type { RecordRun } from './record-source.js'

/** What users get of a run of records. */
export interface Delivered {
  readonly elements: readonly ScannerElement[]
  /** Up to here everything was looked at, whether or not the filters admit it. Undefined when nothing was. */
  readonly looked: { readonly position: Position } | undefined
}

/** The last stage: makes of records what a scanner's user gets, as far as the filters and `until` admit it. */
export class DeliveryStage {
  readonly #context: ReadContext
  readonly #timeTicks: boolean
  readonly #filter: ReadFilter
  readonly #until: TimeTick | undefined
  #logIdentity: string

  constructor(context: ReadContext, options: ReadOptions, plan: ReadPlan) {
    this.#context = context
    this.#timeTicks = options.timeTicks === true
    this.#filter = new ReadFilter(options)
    this.#until = plan.until
    this.#logIdentity = plan.logIdentity ?? ''
  }

  gap(missing: MissingRecords): ScannerElement {
    return new DeliveredGap(missing, this.#logIdentity, this.#context)
  }

  deliver({ records, shared, missing, late }: RecordRun): Delivered {
    const elements: ScannerElement[] = missing === undefined ? [] : [this.gap(missing)]
    const until = this.#until
    let last: LogRecord | undefined
    for (const record of records) {
      if (until !== undefined && record.timeTick > until) break
      last = record
      const place = late?.get(record)
      if (place !== undefined) elements.push(new DeliveredViolation(record, place, this.#context))
      else if (isTimeTick(record)) {
        // The log was empty when the scanner started, so nobody knew.
        if (this.#logIdentity === '')
          this.#logIdentity = propertyOf(record.properties, RESERVED.logIdentity) ?? ''
        if (this.#timeTicks && this.#filter.admitsTimeTick(record.timeTick))
          elements.push(new DeliveredTimeTick(record, this.#logIdentity, this.#context))
      } else if (this.#filter.admits(record))
        elements.push(new DeliveredMessage(record, shared, this.#logIdentity, this.#context))
    }
    if (last === undefined || late?.has(last)) return { elements, looked: elements.at(-1) }
    return { elements, looked: new ReadPlace(last, this.#logIdentity, this.#context) }
  }
}
