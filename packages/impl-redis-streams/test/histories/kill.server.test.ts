import { historyTest, serverRestarted } from '@wal/histories'
import { optionsAt, ownRedis, redisScene } from './redis-histories.js'

historyTest('the server killed under load and restarted with its data', async (closing) => {
  const redis = await ownRedis(closing)
  return redisScene(optionsAt(redis), serverRestarted(redis))
})
