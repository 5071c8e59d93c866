import { startRedis } from '@wal/brokers'
import { historyTest } from './history-test.js'

historyTest('the server killed under load and restarted with its data', async (closing) => {
  const redis = await startRedis({ appendfsync: 'always' })
  closing.push(redis)
  const options = { hosts: [`${redis.host}:${redis.port}`] }
  return {
    writerOptions: options,
    readerOptions: options,
    async strike(_ordinal, workload) {
      workload.hit()
      await redis.restart()
    },
  }
})
