import type { HistoryFault } from './history-fault.js'

/**
 * A fault that breaks all connections of writers and readers, by a hook of the backend. A request in flight may or may not be
 * executed, and its caller gets no answer.
 */
export function connectionsBroken(connections: { disturb(): void | Promise<void> }): HistoryFault {
  return {
    async strike(_ordinal, load) {
      load.hit()
      await connections.disturb()
    },
  }
}
