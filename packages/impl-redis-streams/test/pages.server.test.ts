import { type RedisServer, startRedis } from '@wal/brokers'
import { systemRuntime } from '@wal/walimpls'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisCalls } from '../src/client/redis-calls.js'
import { LogView } from '../src/log-view.js'
import { batchOf, Scene, text } from './scene.js'

let redis: RedisServer
let client: Redis
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.port, redis.host)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

test('pages are cut by bytes, whatever the number of records', async () => {
  await using scene = Scene.on(redis)
  const writer = await scene.writer()
  for (let i = 0; i < 10; i++) await writer.append(...Array.from({ length: 100 }, () => 'x'.repeat(1000)))
  const view = new LogView(new RedisCalls(client, systemRuntime, 10_000), scene.keys)
  const page = await view.page('-', 50_000)
  expect(page?.ended).toBe(false)
  // Some more than asked for, since entries are fetched in runs.
  expect(page?.entries.length).toBeLessThanOrEqual(200)
  expect((await view.page('-', 1 << 30))?.entries.length).toBe(1001)
})

test('a log with large records: the server is never asked for many of them at once', async () => {
  await using scene = Scene.on(redis)
  const writer = await scene.writer()
  const { wal } = writer
  for (let i = 0; i < 6; i++) await wal.append(batchOf(1 + i, [text('x'.repeat(6 << 20))]))
  const view = new LogView(new RedisCalls(client, systemRuntime, 10_000), scene.keys)
  expect((await view.page('-', 1000))?.entries.length).toBeLessThanOrEqual(2)
})
