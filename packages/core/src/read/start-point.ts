import type { MessageId, PositionTruncatedError, StartPosition, TimeTick } from '@wal/walimpls'
import type { LogRecord } from '../log/log-record.js'
import type { LogReading } from './log-reading.js'
import { type MissingRecords, missingUpTo } from './missing-records.js'
import type { ReadContext } from './read-context.js'
import type { ReadPlan } from './read-plan.js'

/** A backend that names one place again and again, where it has no record, breaks its contract. */
const TRIES_AT_ONE_PLACE = 3

/** How far a reader had come when the backend said that the record it would read next is gone. */
export interface ReachedGap {
  readonly error: PositionTruncatedError
  /** Undefined as long as nobody has written to the log. */
  readonly reading: LogReading | undefined
  /** The last record read in the backend. */
  readonly seen: MessageId | undefined
}

/** `again`: at once. `later`: the backend has nothing to go on with yet. */
type GoingOn = 'again' | 'later' | MissingRecords

/**
 * The place in the log at which a reader's backend scanner starts: where the reader was told to begin, as long as it has read
 * no record, and behind a gap, when it is told that records are gone.
 *
 * Example: a reader has delivered message 4, and the log was truncated up to record 7, by its writer. The gap that it is told
 * of lies above the time tick of 4 and reaches that of 7, and reading goes on behind 7. Had the server removed the records 5
 * to 7 by itself, nothing in the log would say how far the gap reaches. Then reading goes on at record 8, and the gap is told
 * of with record 8, up to its time tick.
 */
export class StartPoint {
  readonly #context: ReadContext
  readonly #signal: AbortSignal
  readonly #deliverMissing: boolean
  #place: StartPosition
  /** The start is the log's beginning as the log itself names it; the backend's may lie above. */
  #atBeginning: boolean
  #tries = 0
  /** Records are gone. The first one that follows will say how much. */
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

  /** The record to start at; undefined at the oldest one, whichever that is. */
  get id(): MessageId | undefined {
    return typeof this.#place === 'object' ? this.#place.from : undefined
  }

  /** Whether records are gone of which the reader was not told yet. */
  get isBehindGap(): boolean {
    return this.#lost !== undefined
  }

  /** What is missing before `record`, the first one behind the gap. */
  tellLost({ id, term, incarnation, timeTick }: LogRecord): MissingRecords {
    const after = this.#lost?.after
    this.#lost = undefined
    const writer = { term, incarnation }
    const lastConfirmed = this.#context.ids.serialise(id)
    const resumeAt = { lastConfirmed, writer, timeTick: after ?? 0n, gap: true } as const
    return { reason: 'lost', after, before: timeTick, resumeAt }
  }

  /** The record that comes next is gone: moves the start to where records are kept. Rejects where readers want no gap. */
  async passGap(gap: ReachedGap): Promise<GoingOn> {
    if (await this.#beginsFurtherOn(gap.reading)) return 'again'
    if (!this.#deliverMissing) throw gap.error
    return this.#goOnBehind(gap)
  }

  /**
   * A start may be freed without anything missing. A message that was sent more than once has a position that begins at a
   * record before it, which a truncation up to that message frees. And a log begins above the truncation point that it
   * names when the storage was freed before that could be stored.
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

  /** Behind the truncation point, if that is why records are gone, else at the first record kept behind them. */
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
    // Nothing is kept behind the gap yet; or the beginning went away again before it was read, as under a truncation.
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

  /** Whether the log's beginning is worth another try, where nothing was read yet. */
  #triesAtBeginning(seen: MessageId | undefined): boolean {
    return this.#place === 'oldest' && seen === undefined && ++this.#tries < TRIES_AT_ONE_PLACE
  }
}
