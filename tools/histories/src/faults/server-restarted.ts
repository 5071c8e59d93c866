import type { HistoryFault } from './history-fault.js'

/** A fault that kills the server while appends are in flight, and starts it again with its data. */
export function serverRestarted(server: { restart(): Promise<void> }): HistoryFault {
  return {
    async strike(_ordinal, load) {
      load.hit()
      await server.restart()
    },
  }
}
