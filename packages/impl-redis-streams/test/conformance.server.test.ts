import { disturbThrough, FaultProxy, startRedis } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'
import { ownServer } from './own-server.js'

const own = ownServer()
if (own === undefined) {
  const redis = await startRedis({ appendfsync: 'always', password: 'secret' })
  const proxy = await FaultProxy.start({ target: redis })
  afterAll(async () => {
    await proxy.close()
    await redis.stop()
  })
  const options = { hosts: [`${proxy.host}:${proxy.port}`], password: 'secret' }
  kit('redis-streams', options, { disturb: disturbThrough(proxy), crash: () => redis.restart() })
} else {
  afterAll(() => own.clear())
  // Others may use this server: the kit neither breaks its connections nor kills it.
  kit('redis-streams', own.options, { leftOut: ['disturbed', 'crashed'] })
}
