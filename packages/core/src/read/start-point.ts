import type { MessageId, PositionTruncatedError, StartPosition, TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'
import type { LogReading } from './log-reading.js'
import { type MissingRecords, missingUpTo } from './missing-records.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'

/**
 * How many times a backend may name the same place as the next one with records, and then have none there. After that its error
 * ends the reader, since the backend breaks its contract.
 */
const TRIES_AT_ONE_PLACE = 3

/** How far a reader had come when the backend said that the next record is gone. */
export interface ReachedGap {
  readonly error: PositionTruncatedError
  /** Undefined until a record shows which system wrote the log. */
  readonly reading: LogReading | undefined
  /** The last record that the backend gave. */
  readonly seen: MessageId | undefined
}

/**
 * How reading goes on: at once (`again`), after a pause, since the backend has no record yet (`later`), or behind a gap that is
 * told.
 */
type GoingOn = 'again' | 'later' | MissingRecords

/**
 * The place in the log at which a reader's backend scanner starts: where the reader was told to begin, as long as it has read
 * no record, and behind a gap, when it is told that records are gone.
 *
 * Example: a reader has delivered message 4, and the writer truncated the log up to record 7. The reader is told of a gap
 * between the time ticks of 4 and 7, and reads on behind 7. If the server had removed records 5 to 7 by itself, nothing in the
 * log would say how far the gap reaches. Then the reader reads record 8, and is told of a gap up to the time tick of 8.
 */
export class StartPoint {
  readonly #context: ReadContext
  readonly #signal: AbortSignal
  readonly #deliverMissing: boolean
  #place: StartPosition
  /** The start is the truncation point that the log names. What the backend still keeps may begin above that point. */
  #atBeginning: boolean
  #tries = 0
  /** Set while the reader has come to a gap of unknown size. The first record behind the gap will show its size. */
  #lost: { readonly after: TimeTick | undefined } | undefined

  constructor(
    context: ReadContext,
    plan: ReadPlan,
    { signal, deliverMissing }: { readonly signal: AbortSignal; readonly deliverMissing: boolean },
  ) {
    this.#context = context
    this.#signal = signal
    this.#deliverMissing = deliverMissing
    this.#place = plan.start
    this.#atBeginning = plan.kind === 'own' && plan.atBeginning === true
  }

  get place(): StartPosition {
    return this.#place
  }

  /** The record to start at; undefined when reading starts at the oldest record that is kept. */
  get id(): MessageId | undefined {
    return typeof this.#place === 'object' ? this.#place.from : undefined
  }

  /** The record that has to come first; undefined when the log may lawfully begin with a later one. */
  get first(): MessageId | undefined {
    return this.#atBeginning ? undefined : this.id
  }

  /** Whether the reader has come to a gap and was not told of it yet. */
  get isBehindGap(): boolean {
    return this.#lost !== undefined
  }

  /** The gap that ends right before `record`. */
  tellLost({ id, term, incarnation, timeTick }: LogRecord): MissingRecords {
    const after = this.#lost?.after
    this.#lost = undefined
    const writer = { term, incarnation }
    const lastConfirmed = this.#context.ids.serialise(id)
    const resumeAt = { lastConfirmed, writer, timeTick: after ?? 0n, gap: true } as const
    return { reason: 'lost', after, before: timeTick, resumeAt }
  }

  /**
   * The next record is gone: moves the start to a record that is kept. Rejects when the reader's options make a gap an error.
   */
  async passGap(gap: ReachedGap): Promise<GoingOn> {
    if (await this.#beginsFurtherOn(gap.reading)) return 'again'
    if (!this.#deliverMissing) throw gap.error
    return this.#goOnBehind(gap)
  }

  /**
   * Whether the record at the start was freed although no message is missing; then the start moves on. A message that was sent
   * twice has a position that starts at an earlier record, and a truncation up to the message frees that record. A log may also
   * begin above the truncation point that it names, when storage was freed and the writer crashed before it could store the new
   * point.
   */
  async #beginsFurtherOn(reading: LogReading | undefined): Promise<boolean> {
    if (reading?.bookmark.resumeId !== undefined) return false
    if (this.#atBeginning) {
      this.#atBeginning = false
      this.#place = 'oldest'
      reading?.passGap(undefined)
      return true
    }
    const { truncation } = await this.#context.end(this.#signal)
    if (truncation === undefined || truncation.timeTick > (reading?.timeTick ?? -1n)) return false
    const id = this.#context.ids.parse(truncation.id)
    if (this.id === undefined || this.#context.ids.compare(this.id, id) >= 0) return false
    this.#place = { from: id }
    return true
  }

  /**
   * Goes on behind the truncation point if the writer truncated the missing records, and else at the first record kept behind
   * the gap.
   */
  async #goOnBehind({ error, reading, seen }: ReachedGap): Promise<GoingOn> {
    const { ids } = this.#context
    const { truncation } = await this.#context.end(this.#signal)
    const after = reading === undefined || reading.timeTick < 0n ? undefined : reading.timeTick
    if (reading !== undefined && truncation !== undefined && truncation.timeTick > reading.timeTick) {
      reading.passGap(truncation)
      this.#place = { from: ids.parse(truncation.id) }
      this.#lost = undefined
      return missingUpTo(truncation, after)
    }
    const kept = error.oldest === undefined ? undefined : ids.parse(error.oldest)
    // No record is kept behind the gap yet, or the oldest record was removed before it could be read, as during a truncation.
    if (kept === undefined || this.#triesAtBeginning(seen)) return 'later'
    if (this.id !== undefined && ids.compare(kept, this.id) <= 0) {
      if (++this.#tries === TRIES_AT_ONE_PLACE) throw error
      return 'later'
    }
    this.#tries = 0
    this.#place = { from: kept }
    reading?.passGap(undefined)
    this.#lost ??= { after }
    return 'again'
  }

  /** Whether to try the oldest record again, in a reader that has read none yet. */
  #triesAtBeginning(seen: MessageId | undefined): boolean {
    return this.#place === 'oldest' && seen === undefined && ++this.#tries < TRIES_AT_ONE_PLACE
  }
}
