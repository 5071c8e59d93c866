import { type RedisServer, startRedis } from '@wal/brokers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Scene } from './scene.js'

let redis: RedisServer
let replica: RedisServer
beforeAll(async () => {
  // Without this the server's pings to its replica count as data that the replica has not confirmed.
  redis = await startRedis({ appendfsync: 'always', config: { 'repl-ping-replica-period': 3600 } })
  replica = await startRedis({ config: { replicaof: `${redis.host} ${redis.port}`, 'repl-timeout': 600 } })
  await caughtUp()
})
afterAll(async () => {
  await replica.stop()
  await redis.stop()
})

/** Resolves when the replica has confirmed everything. */
async function caughtUp(): Promise<void> {
  await vi.waitUntil(
    async () => {
      const info = String(await redis.command('INFO', 'replication'))
      const [, written] = /master_repl_offset:(\d+)/.exec(info) ?? []
      return info.includes('state=online') && info.includes(`offset=${written},`)
    },
    { timeout: 60_000 },
  )
}

test('what the server refuses to confirm is stored all the same: unknown, never not written', async () => {
  await redis.command('ACL', 'SETUSER', 'few', 'on', '>pw', '~*', '&*', '+@all', '-wait')
  for (const options of [{ waitReplicas: 1, user: 'few', password: 'pw' }, { waitAof: true }]) {
    await using scene = Scene.on(redis, options)
    await expect(scene.writer()).rejects.toMatchObject({ outcome: 'unknown', retryable: false })
    expect(await redis.command('XLEN', scene.keys.stream)).toBe(1)
  }
})

test('a script that the server had forgotten is confirmed as well', async () => {
  await using scene = Scene.on(redis, { waitReplicas: 1, requestTimeoutMs: 500 })
  const writer = await scene.writer()
  await redis.command('SCRIPT', 'FLUSH')
  await caughtUp()
  replica.freeze()
  try {
    await expect(writer.append('a')).rejects.toMatchObject({ outcome: 'unknown' })
  } finally {
    replica.thaw()
  }
})
