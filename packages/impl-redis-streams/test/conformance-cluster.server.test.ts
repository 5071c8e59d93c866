import { startRedisCluster } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'

const cluster = await startRedisCluster({ appendfsync: 'always', password: 'secret' })
afterAll(() => cluster.stop())

const hosts = cluster.nodes.map(({ host, port }) => `${host}:${port}`)
kit('redis-streams in a Cluster', { hosts, cluster: true, password: 'secret' })
