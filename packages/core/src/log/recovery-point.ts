import { type MessageId, type MessageIdCodec, propertyOf, RESERVED, type Writer } from '@wal/walimpls'
import type { OwnPlace } from './known-place.js'
import { type LogPoint, parseLogPoint, pointAt } from './log-point.js'
import type { LogRecord } from './log-record.js'
import type { NamedLog } from './log-view.js'

/**
 * Where a writer that opens the log has to begin to read, to know what the writer of a time tick knew when the time tick was
 * cut. The record there counts, and is the first one that has to be read.
 */
export type RecoveryPoint = LogPoint

/** A part of what a writer has to know of its log beside where the log ends. It lives as long as the writer. */
export interface WriterState {
  /**
   * The first record that has to be read to build this part again; undefined: nothing up to the last acknowledged record. A
   * record may be let go of once the one that makes it superfluous is acknowledged, not when that one is sent.
   */
  readonly neededFrom: RecoveryPoint | undefined
}

/**
 * What a writer's time ticks say of the recovery point, and how far storage may be freed. A time tick names the first record
 * that some part of the writer's state needs. When no part needs any it names the last acknowledged record: that one counts
 * for certain, while one that is only stored may turn out to be void.
 *
 * Example: record 7 begins a unit that is still open, 9 is the last acknowledged record, 10 and 11 are on their way. A time
 * tick that is cut now names 7, and a truncation at 9 keeps 7. Once the unit is complete at 11, the next one names 11.
 */
export class Recovery {
  readonly #ids: MessageIdCodec
  readonly #writer: Writer
  readonly #lastAcked: () => OwnPlace
  readonly #states: readonly WriterState[]
  #stored: RecoveryPoint

  /** `stored`: the point that the writer's opening record names. */
  constructor(options: {
    readonly ids: MessageIdCodec
    readonly writer: Writer
    readonly lastAcked: () => OwnPlace
    readonly states: readonly WriterState[]
    readonly stored: RecoveryPoint
  }) {
    this.#ids = options.ids
    this.#writer = options.writer
    this.#lastAcked = options.lastAcked
    this.#states = options.states
    this.#stored = options.stored
  }

  /** The point that a time tick has to name which is cut now. */
  now(): RecoveryPoint {
    const { id, timeTick } = this.#lastAcked()
    let first: RecoveryPoint = { id: this.#ids.serialise(id), writer: this.#writer, timeTick }
    for (const { neededFrom } of this.#states)
      if (neededFrom !== undefined && neededFrom.timeTick < first.timeTick) first = neededFrom
    return first
  }

  /** A time tick that names this point is stored. */
  stored(point: RecoveryPoint): void {
    this.#stored = point
  }

  /** The first record that has to be kept, for a truncation which asks to keep those from `id` on. */
  keptFrom(id: MessageId): MessageId {
    return this.#earlier(id, this.#stored)
  }

  /**
   * The same while no time tick can be stored, because the storage has no room. Then the log names a point which may be freed:
   * up to where this writer needs the records itself, a successor loses nothing.
   */
  keptWithoutRoom(id: MessageId): MessageId {
    return this.#earlier(id, this.now())
  }

  #earlier(id: MessageId, point: RecoveryPoint): MessageId {
    const other = this.#ids.parse(point.id)
    return this.#ids.compare(other, id) < 0 ? other : id
  }
}

/**
 * The recovery point that a time tick names. An empty text stands for the time tick itself. Undefined when the named record
 * does not lie before the time tick: then the log lost its end, and the time tick was stored in the place of other records.
 */
export function recoveryIn(tick: LogRecord, { ids, where }: NamedLog): RecoveryPoint | undefined {
  const { id, timeTick } = tick
  const text = propertyOf(tick.properties, RESERVED.recoveryPoint) ?? ''
  if (text === '') return pointAt(tick, ids)
  const point = parseLogPoint(text, 'recovery point', where)
  return ids.compare(ids.parse(point.id), id) < 0 && point.timeTick < timeTick ? point : undefined
}
