import { type RedisServer, startRedis } from '@wal/brokers'
import { afterAll, beforeAll, test } from 'vitest'
import { contractTests } from '../../walimpls/test/contract.js'
import { redisStreamsBuilder } from '../src/builder.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' })
})
afterAll(() => redis.stop())

contractTests({
  test,
  name: 'redis-streams',
  builder: redisStreamsBuilder,
  options: () => ({ hosts: [`${redis.host}:${redis.port}`] }),
})
