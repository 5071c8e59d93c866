import { freePort, type RedisCluster, startRedis, startRedisCluster } from '@wal/brokers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { RedisStreamsId } from '../src/stored/message-id.js'
import { batchOf, codeOf, readAll, Scene, scan, text, textsOf } from './scene.js'

let cluster: RedisCluster
beforeAll(async () => {
  cluster = await startRedisCluster({ appendfsync: 'always' })
})
afterAll(() => cluster.stop())

const options = () => ({ hosts: cluster.nodes.map(({ host, port }) => `${host}:${port}`), cluster: true })

test('channels lie on all nodes; wake-ups reach their readers without polling', async () => {
  await using scene = new Scene({ ...options(), pollMs: 600_000 })
  const opener = await scene.opener()
  const names = Array.from({ length: 12 }, (_, i) => `${scene.channel}-${i}`)
  const logs = await Promise.all(
    names.map(async (name) => {
      const wal = await opener.open(name, { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, [text('opening')]))
      const scanner = scan(await opener.openReadOnly(name), 'latest')
      expect(await scanner.next()).toEqual([])
      return { wal, next: scanner.next() }
    }),
  )
  const sizes = await Promise.all(cluster.nodes.map((node) => node.command('DBSIZE')))
  expect(sizes.every((size) => Number(size) > 0)).toBe(true)
  for (const { wal } of logs) await wal.append(batchOf(1, [text('a')]))
  for (const { next } of logs) expect(textsOf((await next) ?? [])).toEqual(['a'])
})

test('a node that is killed and comes back: its channels go on', async () => {
  await using scene = new Scene(options())
  const writer = await scene.writer()
  const home = await vi.waitUntil(async () => {
    for (const node of cluster.nodes) {
      const found = await node.command('EXISTS', scene.keys.stream).catch(() => 0)
      if (found === 1) return node
    }
    return undefined
  })
  await home.kill()
  const batch = writer.batch('a')
  await expect(writer.wal.append(batch)).rejects.toMatchObject({ retryable: true })
  await home.restart()
  await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), {
    timeout: 60_000,
    interval: 100,
  })
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a'])
})

test('a slot that moves to another node: appends and readers follow', async () => {
  await using scene = new Scene({ ...options(), pollMs: 100 })
  const writer = await scene.writer()
  await writer.append('a')
  const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', scene.keys.stream))
  const owners = await Promise.all(
    cluster.nodes.map(async (node) => ({
      node,
      id: String(await node.command('CLUSTER', 'MYID')),
      here: (await node.command('EXISTS', scene.keys.stream).catch(() => 0)) === 1,
    })),
  )
  const from = owners.find(({ here }) => here)
  const to = owners.find(({ here }) => !here)
  if (from === undefined || to === undefined) throw new Error('the channel is on every node or on none')
  const reader = await scene.reader()
  const scanner = scan(reader, 'latest')
  expect(await scanner.next()).toEqual([])
  // A poll between the two moves may end the scanner with an error that passes. Then another scanner reads on, as core does.
  const next = scanner.next().catch((error: unknown) => {
    expect(error).toMatchObject({ retryable: true })
    return undefined
  })
  await to.node.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
  await from.node.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
  // One key of the log is on the new node and the other is still on the old one, so the server answers TRYAGAIN.
  await from.node.command('MIGRATE', '127.0.0.1', to.node.port, scene.keys.state, 0, 5000)
  const batch = writer.batch('b')
  await expect(writer.wal.append(batch)).rejects.toMatchObject({ retryable: true })
  await from.node.command('MIGRATE', '127.0.0.1', to.node.port, scene.keys.stream, 0, 5000)
  // Tell the new owner first. Otherwise both nodes send clients to each other until the new owner is told.
  const others = owners.filter((owner) => owner !== to)
  for (const { node } of [to, ...others]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  const [b] = await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), {
    timeout: 60_000,
    interval: 100,
  })
  expect(textsOf((await next) ?? (await scan(reader, { from: b as RedisStreamsId }).next()) ?? [])).toEqual([
    'b',
  ])
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
})

test('waitReplicas asks the node that has the channel, not just any', async () => {
  await using scene = new Scene({ ...options(), waitReplicas: 1 })
  const opener = await scene.opener()
  const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', scene.keys.stream))
  const home = cluster.nodes[Math.floor((slot * cluster.nodes.length) / 16_384)]
  if (home === undefined) throw new Error(`no node for slot ${slot}`)
  const [, busPort] = (await home.command('CONFIG', 'GET', 'cluster-port')) as string[]
  await using replica = await startRedis({
    config: { 'cluster-enabled': 'yes', 'cluster-port': await freePort() },
  })
  await replica.command('CLUSTER', 'MEET', home.host, home.port, Number(busPort))
  const id = String(await home.command('CLUSTER', 'MYID'))
  await vi.waitUntil(() => replica.command('CLUSTER', 'REPLICATE', id).catch(() => undefined), patience)
  await vi.waitUntil(
    async () => String(await home.command('INFO', 'replication')).includes('state=online'),
    patience,
  )
  const writer = await scene.writer(1, opener)
  for (let i = 0; i < 20; i++) expect(await codeOf(writer.append(`${i}`))).toBe('no error')
})

test('a database other than 0 is refused before anything is asked', async () => {
  await using scene = new Scene({ ...options(), db: '3' })
  expect(await codeOf(scene.opener())).toBe('WAL_INVALID_ARGUMENT')
})

const patience = { timeout: 60_000, interval: 100 }

test('an opener that is built while the Cluster is not whole fails soon, and is built once it is', async () => {
  await using scene = new Scene(options())
  const [gone, ...others] = cluster.nodes
  await gone?.kill()
  await vi.waitUntil(
    async () => {
      const states = await Promise.all(others.map((node) => node.command('CLUSTER', 'INFO')))
      return states.every((state) => String(state).includes('cluster_state:fail'))
    },
    { timeout: 60_000, interval: 50 },
  )
  await expect(scene.opener()).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: true })
  await gone?.restart()
  const opener = await vi.waitUntil(() => scene.opener().catch(() => undefined), {
    timeout: 60_000,
    interval: 100,
  })
  expect(await opener.list()).toEqual(expect.any(Array))
})
