import { startRedisSentinel } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'
import { killClients } from './kit-hooks.js'

const group = await startRedisSentinel({ appendfsync: 'always', password: 'secret' })
afterAll(() => group.stop())

const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`)
kit(
  'redis-streams behind Sentinel',
  { hosts, sentinel: group.masterName, password: 'secret' },
  {
    disturb: killClients(async () => group.servers),
    // A replica takes over from a primary that is killed, and may lack records that were acknowledged.
    leftOut: ['crashed'],
  },
)
