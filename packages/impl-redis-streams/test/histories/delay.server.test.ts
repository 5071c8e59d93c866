import assert from 'node:assert/strict'
import { FaultProxy, startRedis } from '@wal/brokers'
import { historyTest, LEAST_HITS } from './history-test.js'
import { SEED } from './scale.js'

const DELAY_MS = 200
let hits = () => 0

historyTest(
  `${DELAY_MS} ms of delay each way`,
  async (closing) => {
    const redis = await startRedis({ appendfsync: 'always' })
    const proxy = await FaultProxy.start({ target: redis, seed: SEED })
    closing.push(redis, proxy)
    hits = () => proxy.counters.faults.delay.hitsInFlight
    const options = { hosts: [`${proxy.host}:${proxy.port}`] }
    const delay = { kind: 'delay', ms: DELAY_MS } as const
    proxy.inject(delay)
    return {
      writerOptions: options,
      readerOptions: options,
      // At 400 ms a round trip it takes many at once to get on.
      inFlight: 512,
      // Counted anew on every connection.
      async strike() {
        proxy.heal()
        proxy.inject(delay)
      },
      heal: () => proxy.heal(),
    }
  },
  () => assert.ok(hits() >= LEAST_HITS, `${hits()} requests were delayed`),
)
