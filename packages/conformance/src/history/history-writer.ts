import type { EventBody, HistoryEvent } from './history-event.js'

/**
 * Collects the events of a workload in memory. All parts of the workload share one writer, so that the calls of `add` give the
 * events their order.
 */
export class HistoryWriter {
  readonly #events: HistoryEvent[] = []

  /** Adds an event. The event is copied, so the caller may change it later. */
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
