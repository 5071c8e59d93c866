import assert from 'node:assert/strict'
import type { FaultProxy } from '@wal/brokers'
import { type HistoryFault, LEAST_HITS, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'

/**
 * A fault that closes all connections on the broker's side, and tells the clients nothing: theirs stay open, without an answer.
 * A client has to notice by itself, since the proxy resets such a connection only in the end.
 */
export function halfOpen(proxy: FaultProxy): HistoryFault {
  const hits = () => proxy.counters.faults['half-open'].hitsInFlight
  return {
    async strike(_ordinal, load) {
      load.hit()
      proxy.injectOnce({ kind: 'half-open' })
      // More acknowledgements than were on their way come over other connections.
      const { acked, outstanding } = load
      await vi.waitUntil(() => load.acked > acked + outstanding, { timeout: PATIENCE_MS, interval: 20 })
    },
    heal: () => proxy.heal(),
    check: () => assert.ok(hits() >= LEAST_HITS, `${hits()} connections with requests were left half-open`),
  }
}
