import assert from 'node:assert/strict'
import type { PulsarServer } from '@wal/brokers'
import { type HistoryFault, LEAST_HITS, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'

/** A fault that unloads the log's topic: the broker closes its producers and readers, and loads it again for the next client. */
export function topicUnloaded({ admin }: PulsarServer): HistoryFault {
  let unloads = 0
  return {
    async strike(_ordinal, load) {
      load.hit()
      const { acked, outstanding } = load
      await admin.unload(load.channel)
      unloads++
      // More acknowledgements than were on their way. The load goes on meanwhile, up to the place of the next fault, where it waits
      // for the end of this one.
      await vi.waitUntil(() => load.acked > acked + outstanding, { timeout: PATIENCE_MS, interval: 20 })
    },
    check: () => assert.ok(unloads >= LEAST_HITS, `the topic was unloaded ${unloads} times`),
  }
}
