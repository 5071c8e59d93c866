import { startRedisCluster } from '@wal/brokers'
import { afterAll } from 'vitest'
import { kit } from './kit.js'
import { killClients } from './kit-hooks.js'

const cluster = await startRedisCluster({ appendfsync: 'always', password: 'secret' })
afterAll(() => cluster.stop())

const { nodes } = cluster
const options = {
  hosts: nodes.map(({ host, port }) => `${host}:${port}`),
  cluster: true,
  password: 'secret',
}
kit('redis-streams in a Cluster', options, {
  disturb: killClients(async () => nodes),
  // One after another, the log's own among them.
  crash: async () => {
    for (const node of nodes) await node.restart()
    // Until then it refuses everything, which is more than what a crash is to show.
    await cluster.whole()
  },
})
