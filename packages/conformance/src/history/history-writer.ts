import type { EventBody, HistoryEvent } from './history-event.js'

/** Collects a history in memory. One for all of a workload: the order of the calls is the order of the events. */
export class HistoryWriter {
  readonly #events: HistoryEvent[] = []

  /** Later changes of `event` do no harm: it is copied. */
  add<E extends EventBody>(event: E & { readonly log?: string }): void {
    this.#events.push({ sequence: this.#events.length + 1, ...structuredClone<EventBody>(event) })
  }

  get events(): readonly HistoryEvent[] {
    return this.#events
  }

  toJsonLines(): string {
    return this.#events.map((event) => `${JSON.stringify(event)}\n`).join('')
  }
}
