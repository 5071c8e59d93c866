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
  // Kill one primary after another. One of them holds the log.
  crash: async () => {
    for (const node of nodes) await node.restart()
    // Until the Cluster is whole again it refuses every command, which would hide what a crash does.
    await cluster.whole()
  },
})
