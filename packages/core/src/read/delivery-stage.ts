import { propertyOf, RESERVED, type TimeTick } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { ReadOptions, ScannerElement, TimeTickMark } from '../api/scanner.js'
import { isTimeTick, type LogRecord } from '../log/log-record.js'
import { DeliveredGap } from './delivered-gap.js'
import { DeliveredMessage, type LogNaming, type Naming, positionOf, ReadPlace } from './delivered-message.js'
import { DeliveredViolation } from './delivered-violation.js'
import type { MissingRecords } from './missing-records.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'
import type { UnitRun } from './record-source.js'
import type { ReadStage, Unit } from './stage/read-stage.js'
import { READ_STAGES } from './stages.js'

/** The elements that a user gets for some records that were read together. */
export interface Delivered {
  readonly elements: readonly ScannerElement[]
  /** The place up to which records were read, even if the filters refused all of them. Undefined when no record was read. */
  readonly looked: { readonly position: Position } | undefined
}

/**
 * The last stage of a read: turns records into the elements that the scanner's user gets, as far as the filters and the end
 * that the user set (`until`) let them through.
 */
export class DeliveryStage {
  readonly #context: ReadContext
  readonly #choosing: readonly ReadStage[]
  readonly #until: TimeTick | undefined
  #naming: LogNaming

  constructor(context: ReadContext, options: ReadOptions, plan: ReadPlan) {
    this.#context = context
    this.#choosing = READ_STAGES.choosing.map((make) => make(options))
    this.#until = plan.until
    const { backend, ids } = context
    this.#naming = { backend, ids, logIdentity: plan.logIdentity ?? '' }
  }

  gap(missing: MissingRecords): ScannerElement {
    return new DeliveredGap(missing, this.#naming.logIdentity, this.#context)
  }

  deliver({ units, shared, missing }: UnitRun): Delivered {
    const elements: ScannerElement[] = missing === undefined ? [] : [this.gap(missing)]
    const inRange = this.#upToEnd(units)
    const last = inRange[inRange.length - 1]
    // The log was empty when the scanner started, so it had no identity yet. Its first time ticks name one.
    if (this.#naming.logIdentity === '') this.#learnIdentity(inRange)
    let chosen = inRange
    for (const stage of this.#choosing) chosen = stage.pass(chosen)
    for (const unit of chosen) elements.push(this.#element(unit, shared))
    if (last === undefined || last.late !== undefined) return { elements, looked: elements.at(-1) }
    return { elements, looked: new ReadPlace(last, this.#naming.logIdentity, this.#context) }
  }

  #element(unit: Unit, shared: boolean): ScannerElement {
    if (unit.late !== undefined) return new DeliveredViolation(unit, unit.late, this.#context)
    if (isTimeTick(unit)) return new DeliveredTimeTick(unit, this.#naming.logIdentity, this.#context)
    return new DeliveredMessage(unit, shared, this.#naming)
  }

  #upToEnd(units: readonly Unit[]): readonly Unit[] {
    const until = this.#until
    const last = units[units.length - 1]
    if (until === undefined || last === undefined) return units
    const beyond = units.findIndex(({ timeTick }) => timeTick > until)
    return beyond < 0 ? units : units.slice(0, beyond)
  }

  #learnIdentity(units: readonly Unit[]): void {
    for (const unit of units)
      if (isTimeTick(unit)) {
        const logIdentity = propertyOf(unit.properties, RESERVED.logIdentity)
        if (!logIdentity) continue
        this.#naming = { ...this.#naming, logIdentity }
        return
      }
  }
}

/** All elements that are time ticks share this empty payload: an empty array has nothing that a user could change. */
const NO_BYTES = new Uint8Array(0)

class DeliveredTimeTick implements TimeTickMark {
  readonly kind = 'timeTick'
  readonly payload = NO_BYTES
  readonly timeTick: TimeTick
  readonly position: Position

  constructor(record: LogRecord, logIdentity: string, naming: Naming) {
    this.timeTick = record.timeTick
    this.position = positionOf(record, logIdentity, naming)
  }

  toJSON(): object {
    return { kind: this.kind, timeTick: String(this.timeTick), position: this.position }
  }
}
