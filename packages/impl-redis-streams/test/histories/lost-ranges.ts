import type { HistoryWriter } from '@wal/walimpls/conformance'
import { messageIds } from '../../src/message-id.js'

/** What `WAL_LOG_ROLLED_BACK` names. */
const RANGE = /records behind (\d+-\d+) up to (\d+-\d+) were acknowledged and are gone/

export interface LostRange {
  /** What is gone lies above this time tick. */
  readonly after: bigint
  readonly upTo: bigint
  readonly isKept: (id: string) => boolean
}

/** Turns the ids that the announcement of a lost end names into the time ticks of a history. */
export class LostRanges {
  /** Ids by time tick, of all that anybody was told of and that is not known to be lost. */
  private readonly known = new Map<bigint, string>()
  private readonly found: { readonly kept: string; readonly after: bigint; readonly upTo: bigint }[] = []
  /** Records that were known, and were lost. */
  records = 0

  constructor(private readonly history: HistoryWriter) {}

  get count(): number {
    return this.found.length
  }

  know(id: string, timeTick: bigint): void {
    if (!this.isLost(timeTick)) this.known.set(timeTick, id)
  }

  /** Throws `error` when it is something else, or names no range. */
  announced(error: unknown): LostRange {
    const { code, message } = error as { code?: string; message?: string }
    const kept = code === 'WAL_LOG_ROLLED_BACK' ? RANGE.exec(message ?? '')?.[1] : undefined
    if (kept === undefined) throw error
    const last = messageIds.parse(kept)
    const isKept = (id: string) => messageIds.compare(messageIds.parse(id), last) <= 0
    // Whoever is told late: what a next writer has appended since is not lost.
    const before = this.found.find((range) => range.kept === kept)
    if (before !== undefined) return { ...before, isKept }
    let after = -1n
    let upTo = -1n
    for (const [timeTick, id] of this.known) {
      if (isKept(id)) after = timeTick > after ? timeTick : after
      else upTo = timeTick > upTo ? timeTick : upTo
    }
    if (upTo < 0n) throw error
    for (const [timeTick, id] of this.known) {
      if (isKept(id)) continue
      this.known.delete(timeTick)
      this.records++
    }
    this.found.push({ kept, after, upTo })
    this.history.add({ kind: 'rolled-back', after: `${after}`, upTo: `${upTo}` })
    return { after, upTo, isKept }
  }

  private isLost(timeTick: bigint): boolean {
    return this.found.some(({ after, upTo }) => timeTick > after && timeTick <= upTo)
  }
}
