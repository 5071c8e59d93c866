import assert from 'node:assert/strict'
import { FaultProxy, startRedis } from '@wal/brokers'
import { vi } from 'vitest'
import { historyTest, LEAST_HITS } from './history-test.js'
import { PATIENCE_MS, SEED } from './scale.js'

const DELAY_MS = 200
let hits = () => 0

historyTest(
  `${DELAY_MS} ms of delay each way`,
  async (closing) => {
    const redis = await startRedis({ appendfsync: 'always' })
    const writing = await FaultProxy.start({ target: redis, seed: SEED })
    const reading = await FaultProxy.start({ target: redis, seed: SEED })
    closing.push(redis, writing, reading)
    hits = () => writing.counters.faults.delay.hitsInFlight
    const delay = { kind: 'delay', ms: DELAY_MS } as const
    for (const proxy of [writing, reading]) proxy.inject(delay)
    return {
      writerOptions: { hosts: [`${writing.host}:${writing.port}`] },
      readerOptions: { hosts: [`${reading.host}:${reading.port}`] },
      // At 400 ms a round trip it takes many at once to get on.
      inFlight: 512,
      strikes: 2 * LEAST_HITS,
      // Counted from zero on every connection, unless all requests were on their way already.
      async strike(_ordinal, workload) {
        workload.hit()
        writing.heal()
        const before = hits()
        writing.inject(delay)
        await vi.waitUntil(() => hits() > before || workload.outstanding === 0, {
          timeout: PATIENCE_MS,
          interval: 5,
        })
      },
      heal() {
        for (const proxy of [writing, reading]) proxy.heal()
      },
    }
  },
  () => assert.ok(hits() >= LEAST_HITS, `${hits()} requests were delayed`),
)
