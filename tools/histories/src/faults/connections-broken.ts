import type { HistoryFault } from './history-fault.js'

/** Breaks every connection of writers and readers, by a hook: requests in flight are done or not, and nobody is told. */
export function connectionsBroken(connections: { disturb(): void | Promise<void> }): HistoryFault {
  return {
    async strike(_ordinal, load) {
      load.hit()
      await connections.disturb()
    },
  }
}
