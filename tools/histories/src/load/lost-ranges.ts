import type { HistoryWriter } from '@wal/conformance'
import { type LogRolledBackError, type MessageId, type MessageIdCodec, parseUint64 } from '@wal/walimpls'

interface Place {
  readonly id: MessageId
  readonly timeTick: bigint
}

/** Whether a record lies on the inner side of one end of an announced range. */
type Bound = (record: Place) => boolean

/**
 * The text of a backend's error, which names the range by two message ids. All backends whose logs may lose their end use this
 * text.
 */
const IDS = /records behind (\S+) up to (\S+) were acknowledged and are gone/
/** The text of core's error, which names one end of the range by a time tick. The other end is in the error's positions. */
const KEPT_TICK = /records behind time tick (\d+) /
const LAST_TICK = /up to time tick (\d+) were acknowledged and are gone/

/**
 * Turns announcements of a lost end (`WAL_LOG_ROLLED_BACK`) into records of a history: which known records were lost. An
 * announcement counts only for records in its range that a writer or reader knew, since a log may lose its end several times at
 * one place. Two readers may be told of different ranges. Example: records 7 to 9 are lost; a reader that had read up to 8 is
 * told of 7 and 8.
 */
export class LostRanges {
  /** The records that a writer or reader knows and that no announcement has named yet, by time tick. */
  readonly #known = new Map<bigint, MessageId>()
  readonly #found: { readonly after: bigint; readonly upTo: bigint }[] = []
  /** How many known records were lost. */
  records = 0

  readonly #history: Pick<HistoryWriter, 'add'>
  readonly #ids: MessageIdCodec

  constructor(history: Pick<HistoryWriter, 'add'>, ids: MessageIdCodec) {
    this.#history = history
    this.#ids = ids
  }

  know(id: string, timeTick: bigint): void {
    if (this.#known.has(timeTick) || this.#isLost(timeTick)) return
    this.#known.set(timeTick, this.#ids.parse(id))
  }

  /**
   * Writes an announcement down. Answers a function that says whether a record is still in the log, by this announcement.
   * Throws `error` when it names no range.
   */
  announced(error: unknown): (id: string, timeTick: bigint) => boolean {
    const { isKept, isNamed } = this.#rangeOf(error)
    let after: bigint | undefined
    let upTo = -1n
    for (const [timeTick, id] of this.#known) {
      const record = { id, timeTick }
      if (isKept(record) || !isNamed(record)) continue
      this.#known.delete(timeTick)
      this.records++
      if (after === undefined || timeTick <= after) after = timeTick - 1n
      if (timeTick > upTo) upTo = timeTick
    }
    if (after !== undefined) {
      this.#found.push({ after, upTo })
      this.#history.add({ kind: 'rolled-back', after: `${after}`, upTo: `${upTo}` })
    }
    return (id, timeTick) => isKept({ id: this.#ids.parse(id), timeTick })
  }

  #isLost(timeTick: bigint): boolean {
    return this.#found.some(({ after, upTo }) => timeTick > after && timeTick <= upTo)
  }

  #rangeOf(error: unknown): { readonly isKept: Bound; readonly isNamed: Bound } {
    const { code, message = '', known, resumeAt } = error as Partial<LogRolledBackError>
    if (code !== 'WAL_LOG_ROLLED_BACK') throw error
    const [, kept, last] = IDS.exec(message) ?? []
    if (kept !== undefined && last !== undefined) {
      const [keptId, lastId] = [this.#ids.parse(kept), this.#ids.parse(last)]
      return {
        isKept: ({ id }) => this.#ids.compare(id, keptId) <= 0,
        isNamed: ({ id }) => this.#ids.compare(id, lastId) <= 0,
      }
    }
    const keptTick = tickNamed(KEPT_TICK, message) ?? tickOf(resumeAt)
    const lastTick = tickNamed(LAST_TICK, message) ?? tickOf(known)
    if (keptTick === undefined || lastTick === undefined) throw error
    return { isKept: ({ timeTick }) => timeTick <= keptTick, isNamed: ({ timeTick }) => timeTick <= lastTick }
  }
}

function tickNamed(pattern: RegExp, message: string): bigint | undefined {
  const [, tick] = pattern.exec(message) ?? []
  return tick === undefined ? undefined : BigInt(tick)
}

/** The time tick in a position of core; undefined when the text is no position. */
function tickOf(position: string | undefined): bigint | undefined {
  return parseUint64(position?.split(':')[6] ?? '')
}
