import { connectionsReset, historyTest, proxiedWays } from '@wal/histories'
import { optionsAt, ownRedis, redisScene } from './redis-histories.js'

historyTest('connections reset between request and reply', async (closing) => {
  const ways = await proxiedWays(await ownRedis(closing), closing)
  return redisScene(optionsAt(ways.writing), connectionsReset(ways), optionsAt(ways.reading))
})
