import { historyTest, proxiedWays, requestsDelayed } from '@wal/histories'
import { optionsAt, ownRedis, redisScene } from './redis-histories.js'

const DELAY_MS = 200

historyTest(`${DELAY_MS} ms of delay each way`, async (closing) => {
  const ways = await proxiedWays(await ownRedis(closing), closing)
  return redisScene(optionsAt(ways.writing), requestsDelayed(ways, DELAY_MS), optionsAt(ways.reading))
})
