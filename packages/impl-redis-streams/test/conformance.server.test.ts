import { startRedis } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'
import { ownServer } from './own-server.js'

const own = ownServer()
if (own === undefined) {
  const redis = await startRedis({ appendfsync: 'always', password: 'secret' })
  afterAll(() => redis.stop())
  kit('redis-streams', { hosts: [`${redis.host}:${redis.port}`], password: 'secret' })
} else {
  afterAll(() => own.clear())
  kit('redis-streams', own.options)
}
