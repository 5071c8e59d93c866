import { setTimeout as sleep } from 'node:timers/promises'
import { startRedis } from '@wal/brokers'
import { historyTest, LEAST_HITS } from './history-test.js'
import { isLong } from './scale.js'

const LONG_FREEZE_MS = isLong ? 20_000 : 3_000

historyTest(`the server frozen, once for ${LONG_FREEZE_MS} ms`, async (closing) => {
  const redis = await startRedis({ appendfsync: 'always' })
  closing.push(redis)
  const options = { hosts: [`${redis.host}:${redis.port}`], requestTimeoutMs: 1000 }
  return {
    writerOptions: options,
    readerOptions: options,
    async strike(ordinal, workload) {
      workload.hit()
      redis.freeze()
      await sleep(ordinal === LEAST_HITS / 2 ? LONG_FREEZE_MS : 200)
      redis.thaw()
    },
    heal: () => redis.thaw(),
  }
})
