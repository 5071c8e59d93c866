import assert from 'node:assert/strict'
import { vi } from 'vitest'
import { isLong, PATIENCE_MS } from '../scale.js'
import { type HistoryFault, LEAST_HITS } from './history-fault.js'
import type { ProxiedWays } from './proxied-ways.js'

const RESETS = isLong ? 200 : LEAST_HITS

/**
 * A fault that resets connections after the server has executed a request and before its reply arrives, so that the outcome is
 * unknown.
 */
export function connectionsReset({ writing, reading }: ProxiedWays): HistoryFault {
  const hits = () => writing.counters.faults['cut-reply'].hitsInFlight
  return {
    strikes: RESETS,
    async strike(_ordinal, load) {
      load.hit()
      const before = hits()
      for (const proxy of [writing, reading]) proxy.injectOnce({ kind: 'cut-reply' })
      await vi.waitUntil(() => hits() > before, { timeout: PATIENCE_MS, interval: 5 })
    },
    heal() {
      for (const proxy of [writing, reading]) proxy.heal()
    },
    check: () => assert.ok(hits() >= RESETS, `${hits()} requests of the writer lost their reply`),
  }
}
