import type { HistoryWriter } from '@wal/conformance'
import { isAfter } from '../../src/continuity.js'
import { messageIds, type RedisStreamsId } from '../../src/stored/message-id.js'

interface Place {
  readonly id: RedisStreamsId
  readonly timeTick: bigint
}

/** Whether a record lies above, or up to, what an announcement names. */
type Bound = (record: Place) => boolean

/** What `WAL_LOG_ROLLED_BACK` names: ids where the backend found the loss, time ticks where a position's record is gone. */
const IDS = /records behind (\d+-\d+) up to (\d+-\d+) were acknowledged and are gone/
const TIME_TICKS = /records behind time tick (\d+) up to time tick (\d+) were acknowledged and are gone/

/**
 * Says in a history which records an announcement of a lost end names: those that somebody knew in the range that it
 * names, no others. The same log may lose its end again and again at one place, so nothing but the range itself tells
 * two losses apart; and who knew more, or less, than another is told of another range.
 */
export class LostRanges {
  /** By time tick, all that anybody was told of and that is not announced as lost. */
  private readonly known = new Map<bigint, RedisStreamsId>()
  private readonly found: { readonly after: bigint; readonly upTo: bigint }[] = []
  /** Records that were known, and were lost. */
  records = 0

  constructor(private readonly history: HistoryWriter) {}

  know(id: string, timeTick: bigint): void {
    if (this.known.has(timeTick) || this.isLost(timeTick)) return
    this.known.set(timeTick, messageIds.parse(id))
  }

  /** Answers whether a record is still there, going by the announcement. Throws `error` when it is something else. */
  announced(error: unknown): (id: string, timeTick: bigint) => boolean {
    const { isKept, isNamed } = rangeOf(error)
    let after: bigint | undefined
    let upTo = -1n
    for (const [timeTick, id] of this.known) {
      const record = { id, timeTick }
      if (isKept(record) || !isNamed(record)) continue
      this.known.delete(timeTick)
      this.records++
      if (after === undefined || timeTick <= after) after = timeTick - 1n
      if (timeTick > upTo) upTo = timeTick
    }
    if (after !== undefined) {
      this.found.push({ after, upTo })
      this.history.add({ kind: 'rolled-back', after: `${after}`, upTo: `${upTo}` })
    }
    return (id, timeTick) => isKept({ id: messageIds.parse(id), timeTick })
  }

  private isLost(timeTick: bigint): boolean {
    return this.found.some(({ after, upTo }) => timeTick > after && timeTick <= upTo)
  }
}

function rangeOf(error: unknown): { readonly isKept: Bound; readonly isNamed: Bound } {
  const { code, message = '' } = error as { code?: string; message?: string }
  if (code !== 'WAL_LOG_ROLLED_BACK') throw error
  const [, kept, last] = IDS.exec(message) ?? []
  if (kept !== undefined && last !== undefined) {
    const [keptId, lastId] = [messageIds.parse(kept), messageIds.parse(last)]
    return { isKept: ({ id }) => !isAfter(id, keptId), isNamed: ({ id }) => !isAfter(id, lastId) }
  }
  const [, keptTick, lastTick] = TIME_TICKS.exec(message) ?? []
  if (keptTick === undefined || lastTick === undefined) throw error
  return {
    isKept: ({ timeTick }) => timeTick <= BigInt(keptTick),
    isNamed: ({ timeTick }) => timeTick <= BigInt(lastTick),
  }
}
