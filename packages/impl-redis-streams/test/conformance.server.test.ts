import { startRedis } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'

const redis = await startRedis({ appendfsync: 'always', password: 'secret' })
afterAll(() => redis.stop())

kit('redis-streams', { hosts: [`${redis.host}:${redis.port}`], password: 'secret' })
