import type { HistoryFault } from './history-fault.js'

/** The server is killed under load and started again with its data. */
export function serverRestarted(server: { restart(): Promise<void> }): HistoryFault {
  return {
    async strike(_ordinal, load) {
      load.hit()
      await server.restart()
    },
  }
}
