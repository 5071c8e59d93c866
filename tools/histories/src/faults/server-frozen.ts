import { setTimeout as sleep } from 'node:timers/promises'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'

const SHORT_MS = 200

/**
 * A fault that freezes the server (`SIGSTOP`) for a moment. In the middle of the load it freezes the server for `longestMs`.
 */
export function serverFrozen(server: { freeze(): void; thaw(): void }, longestMs: number): HistoryFault {
  return {
    async strike(ordinal, load) {
      load.hit()
      server.freeze()
      await sleep(ordinal === LEAST_HITS / 2 ? longestMs : SHORT_MS)
      server.thaw()
    },
    heal: () => server.thaw(),
  }
}
