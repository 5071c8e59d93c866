import { startRedisSentinel } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'

const group = await startRedisSentinel({ appendfsync: 'always', password: 'secret' })
afterAll(() => group.stop())

const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`)
kit('redis-streams behind Sentinel', { hosts, sentinel: group.masterName, password: 'secret' })
