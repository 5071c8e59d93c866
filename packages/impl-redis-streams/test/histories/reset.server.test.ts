import assert from 'node:assert/strict'
import { FaultProxy, startRedis } from '@wal/brokers'
import { vi } from 'vitest'
import { historyTest, LEAST_HITS } from './history-test.js'
import { isLong, PATIENCE_MS, SEED } from './scale.js'

const RESETS = isLong ? 200 : LEAST_HITS
let hits = () => 0

historyTest(
  'connections reset between request and reply',
  async (closing) => {
    const redis = await startRedis({ appendfsync: 'always' })
    const writing = await FaultProxy.start({ target: redis, seed: SEED })
    const reading = await FaultProxy.start({ target: redis, seed: SEED })
    closing.push(redis, writing, reading)
    hits = () => writing.counters.faults['cut-reply'].hitsInFlight
    return {
      writerOptions: { hosts: [`${writing.host}:${writing.port}`] },
      readerOptions: { hosts: [`${reading.host}:${reading.port}`] },
      strikes: RESETS,
      async strike(_ordinal, workload) {
        workload.hit()
        const before = hits()
        for (const proxy of [writing, reading]) proxy.injectOnce({ kind: 'cut-reply' })
        await vi.waitUntil(() => hits() > before, { timeout: PATIENCE_MS, interval: 5 })
      },
      heal() {
        for (const proxy of [writing, reading]) proxy.heal()
      },
    }
  },
  () => assert.ok(hits() >= RESETS, `${hits()} requests of the writer lost their reply`),
)
