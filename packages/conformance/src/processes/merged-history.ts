import type { EventBody } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'

/** Nanoseconds on a clock that all processes of a machine share. */
export const sharedNanoseconds = (): bigint => process.hrtime.bigint()

/**
 * A history of several processes. What they say arrives in any order, later the busier the machine is; so each event has
 * the moment at which its process saw it, and those decide.
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
