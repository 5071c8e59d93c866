import assert from 'node:assert/strict'
import type { FaultProxy } from '@wal/brokers'
import { type HistoryFault, LEAST_HITS, PATIENCE_MS, SEED } from '@wal/histories'
import { seededRandom } from '@wal/walimpls/testing'
import { vi } from 'vitest'

/** The commands of readers, cursors and lookups stay below this in the time in which a writer sends so much. */
const LEAST_BYTES = 2_000
const MOST_BYTES = 10_000

/** A fault that damages one byte of what a writer sends. The broker refuses an entry whose check sum is wrong, and goes on. */
export function flippedByte(proxy: FaultProxy): HistoryFault {
  const random = seededRandom(SEED)
  const hits = () => proxy.counters.faults['flipped-byte'].hits
  return {
    async strike(_ordinal, load) {
      const before = hits()
      const bytes = LEAST_BYTES + Math.floor(random() * (MOST_BYTES - LEAST_BYTES))
      proxy.injectOnce({ kind: 'flipped-byte', bytes, direction: 'to-server' })
      await vi.waitUntil(() => hits() > before, { timeout: PATIENCE_MS, interval: 1 })
      load.hit()
      // The other connections are not damaged.
      proxy.heal()
      const { acked } = load
      await vi.waitUntil(() => load.acked > acked, { timeout: PATIENCE_MS, interval: 20 })
    },
    heal: () => proxy.heal(),
    check: () => assert.ok(hits() >= LEAST_HITS, `${hits()} bytes were flipped`),
  }
}
