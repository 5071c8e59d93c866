import { expect, test, vi } from 'vitest'
import { startRedisCluster, startRedisSentinel } from '../src/index.js'
import { isAlive } from './process-state.js'

test('Cluster: three nodes, each answers for its slots and sends on for the others', async () => {
  const cluster = await startRedisCluster({ appendfsync: 'always' })
  const processes = cluster.nodes.map(({ processId }) => processId)
  try {
    const answers = await Promise.all(
      cluster.nodes.map((node) =>
        node.command('SET', '{channel}', 'value').catch((error: Error) => error.message),
      ),
    )
    expect(answers.filter((answer) => answer === 'OK')).toHaveLength(1)
    expect(answers.filter((answer) => /^MOVED \d+ 127\.0\.0\.1:\d+$/.test(String(answer)))).toHaveLength(2)
  } finally {
    await cluster.stop()
  }
  expect(processes.filter(isAlive)).toEqual([])
})

test('Cluster: a node that was killed comes back with its slots', async () => {
  await using cluster = await startRedisCluster({ appendfsync: 'always' })
  const [node] = cluster.nodes
  const slots = await node?.command('CLUSTER', 'SLOTS')
  await node?.kill()
  await node?.restart()
  await vi.waitFor(
    async () => expect(String(await node?.command('CLUSTER', 'INFO'))).toContain('cluster_state:ok'),
    { timeout: 60_000 },
  )
  expect(await node?.command('CLUSTER', 'SLOTS')).toEqual(slots)
})

test('Sentinel: another server becomes the primary after the first one was killed', async () => {
  await using group = await startRedisSentinel()
  const first = await group.primary()
  expect(first).toBe(group.servers[0])
  await first.command('SET', 'key', 'value')
  await Promise.all(
    group.servers.slice(1).map((replica) => vi.waitFor(() => hasKey(replica), { timeout: 30_000 })),
  )
  await first.kill()

  const next = await vi.waitUntil(
    async () => {
      const primary = await group.primary()
      return primary !== first && String(await primary.command('ROLE')).startsWith('master') && primary
    },
    { timeout: 60_000, interval: 100 },
  )
  expect(await next.command('GET', 'key')).toBe('value')

  await first.restart()
  await vi.waitFor(async () => expect(String(await first.command('ROLE'))).toMatch(/^slave/), {
    timeout: 60_000,
  })
})

async function hasKey(server: { command(...words: string[]): Promise<unknown> }) {
  expect(await server.command('GET', 'key')).toBe('value')
}
