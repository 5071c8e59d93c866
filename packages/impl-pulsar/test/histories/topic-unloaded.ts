import assert from 'node:assert/strict'
import type { PulsarServer } from '@wal/brokers'
import { type HistoryFault, PATIENCE_MS } from '@wal/histories'
import { vi } from 'vitest'

/** A fault that unloads the log's topic: the broker closes its producers and readers, and loads it again for the next client. */
export function topicUnloaded({ admin }: PulsarServer): HistoryFault {
  let closed = 0
  return {
    async strike(_ordinal, load) {
      const ledgers = async () => (await admin.internalStats(load.channel)).ledgers.at(-1)?.ledgerId
      const before = await ledgers()
      load.hit()
      const { acked, outstanding } = load
      await admin.unload(load.channel)
      // A topic that is loaded again has another ledger to write to.
      await vi.waitUntil(async () => (await ledgers()) !== before, { timeout: PATIENCE_MS, interval: 50 })
      closed++
      // More acknowledgements than were on their way come from the topic that was loaded again. The load may have come to the next
      // fault meanwhile, and waits for the end of this one.
      await vi.waitUntil(() => load.acked > acked + outstanding, { timeout: PATIENCE_MS, interval: 20 })
    },
    check: () => assert.ok(closed > 0, 'the topic was never unloaded'),
  }
}
