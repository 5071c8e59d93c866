import type { EventBody } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'

/** The time now, in nanoseconds, on a clock that all processes of the machine share. */
export const sharedNanoseconds = (): bigint => process.hrtime.bigint()

/**
 * The history of several processes. Their events arrive late and in any order. So each event carries the time at which its
 * process observed it, and the history is sorted by this time.
 */
export class MergedHistory {
  readonly #events: { readonly at: bigint; readonly event: EventBody }[] = []

  add(event: EventBody, at = sharedNanoseconds()): void {
    this.#events.push({ at, event: structuredClone(event) })
  }

  merged(): HistoryWriter {
    const history = new HistoryWriter()
    const inOrder = [...this.#events].sort((one, other) =>
      one.at < other.at ? -1 : one.at > other.at ? 1 : 0,
    )
    for (const { event } of inOrder) history.add(event)
    return history
  }
}
