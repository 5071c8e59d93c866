import { propertyOf, readEnvelope, type WireMessage, type Writer } from '@wal/walimpls'
import { onTestFinished } from 'vitest'
import type { RecoveryPoint, WriterState } from '../../src/log/recovery-point.js'
import type { ReadStage, Unit } from '../../src/read/stage/read-stage.js'
import { READ_STAGES } from '../../src/read/stages.js'
import { modelIds } from './model-log.js'

/** Properties of messages: the first record of a unit, the last one, and a key. */
export const BEGINS = 'begins'
export const ENDS = 'ends'
export const KEY = 'key'

/**
 * What a writer knows beside the log's end, as stages that are still to come will: which units are open, and which key was
 * used last. A takeover ends units, and keys outlast it.
 */
export class HeldUnits implements WriterState {
  readonly open = new Map<string, RecoveryPoint>()
  #key: { readonly name: string; readonly at: RecoveryPoint } | undefined
  #writer: Writer | undefined

  /** A record that counts, in log order. */
  see({ properties }: WireMessage, at: RecoveryPoint): void {
    const { writer } = at
    if (this.#writer?.term !== writer.term || this.#writer.incarnation !== writer.incarnation)
      this.open.clear()
    this.#writer = writer
    const begins = propertyOf(properties, BEGINS)
    const ends = propertyOf(properties, ENDS)
    const key = propertyOf(properties, KEY)
    if (begins !== undefined) this.open.set(begins, at)
    if (ends !== undefined) this.open.delete(ends)
    if (key !== undefined) this.#key = { name: key, at }
  }

  get neededFrom(): RecoveryPoint | undefined {
    const needed = [...this.open.values(), ...(this.#key === undefined ? [] : [this.#key.at])]
    return needed.sort((a, b) => (a.timeTick < b.timeTick ? -1 : 1))[0]
  }

  get shown(): string {
    return `open: ${[...this.open.keys()].sort().join(' ')}; key: ${this.#key?.name ?? 'none'}`
  }
}

/** The read stage that rebuilds them. */
class HeldUnitsStage implements ReadStage {
  readonly #units = new HeldUnits()

  pass(records: readonly Unit[]): readonly Unit[] {
    for (const record of records)
      this.#units.see(record, pointOf(record, modelIds.serialise(record.id as never)))
    return records
  }

  recovered(): HeldUnits {
    return this.#units
  }
}

/** The read stages have this one until the test ends. */
export function withHeldUnits(): void {
  const assembling = READ_STAGES.assembling as (() => ReadStage)[]
  assembling.push(() => new HeldUnitsStage())
  onTestFinished(() => {
    assembling.pop()
  })
}

/** The place of a record that is stored at this id. */
export function pointOf({ properties }: Pick<WireMessage, 'properties'>, id: string): RecoveryPoint {
  const { term, incarnation, timeTick } = readEnvelope(properties, () => 'a record')
  return { id, writer: { term, incarnation }, timeTick }
}
