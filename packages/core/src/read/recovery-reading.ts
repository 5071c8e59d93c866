import type { KnownPlace } from '../log/known-place.js'
import type { LogRecord } from '../log/log-record.js'
import type { WriterState } from '../log/recovery-point.js'
import { OwnBookmark } from './stage/own-bookmark.js'
import { EndedRun, type ReadStage, type StageContext, type Unit } from './stage/read-stage.js'
import type { OwnReading } from './stage/reading.js'
import { READ_STAGES } from './stages.js'

/**
 * The stages' way through the end of a log that is being opened for writing. It rebuilds what a writer has to know of records
 * that others wrote. Nothing is delivered.
 */
export class RecoveryReading {
  readonly #bookmark: OwnBookmark
  readonly #stages: readonly ReadStage[]

  /** `known`: the place that reading begins at; undefined at the log's first record. */
  constructor(context: StageContext, known: KnownPlace | undefined) {
    this.#bookmark = new OwnBookmark(context.where, known, known?.id === undefined ? undefined : known)
    const passedOver = { voids: 0, duplicates: 0 }
    const reading: OwnReading = { kind: 'own', context, bookmark: this.#bookmark, known, passedOver }
    const { counting, assembling } = READ_STAGES
    this.#stages = [...counting, ...assembling]
      .map((make) => make(reading))
      .filter((stage) => stage !== undefined)
  }

  /** Whether any stage has something to rebuild, so that records below the log's known end have to be read. */
  get isNeeded(): boolean {
    return this.#stages.some((stage) => stage.recovered !== undefined)
  }

  /** Whether the record that reading begins at was not found yet. */
  get seeking(): boolean {
    return this.#bookmark.sought !== undefined
  }

  /** Throws what ends a stage; `WAL_LOG_ROLLED_BACK` when the log has other records in the place of the one it begins at. */
  see(record: LogRecord): void {
    let units: readonly Unit[] = [record]
    try {
      for (const stage of this.#stages) if (units.length > 0) units = stage.pass(units)
    } catch (error) {
      throw error instanceof EndedRun ? error.error : error
    }
  }

  /** The records that would come next are gone. */
  passGap(): void {
    this.#bookmark.passGap(undefined)
    for (const stage of this.#stages) stage.passGap?.(undefined)
  }

  recovered(): readonly WriterState[] {
    return this.#stages.map((stage) => stage.recovered?.()).filter((state) => state !== undefined)
  }

  close(): void {
    for (const stage of this.#stages) stage.close?.()
  }
}
