import { historyTest, isLong, serverFrozen } from '@wal/histories'
import { optionsAt, ownRedis, redisScene } from './redis-histories.js'

const LONGEST_MS = isLong ? 20_000 : 3_000

historyTest(`the server frozen, once for ${LONGEST_MS} ms`, async (closing) => {
  const redis = await ownRedis(closing)
  return redisScene(optionsAt(redis, { requestTimeoutMs: 1000 }), serverFrozen(redis, LONGEST_MS))
})
