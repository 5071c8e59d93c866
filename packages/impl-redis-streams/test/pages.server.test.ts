import { type RedisServer, startRedis } from '@wal/brokers'
import { systemRuntime } from '@wal/walimpls'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RedisCalls } from '../src/client/redis-calls.js'
import { type LogPage, LogView } from '../src/log-view.js'
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

/** What came in one answer, as far as it is payload. */
const payloadOf = (page: LogPage | undefined): number =>
  (page?.entries ?? []).reduce((sum, { message }) => sum + message.payload.length, 0)

test('H156: an answer of the server holds what was asked for and one record more, whatever the sizes of the records', async () => {
  await using scene = Scene.on(redis)
  const writer = await scene.writer()
  // As many large ones as are read in one go, behind small ones.
  for (const size of [...Array<number>(200).fill(100), ...Array<number>(220).fill(70_000)])
    await writer.append('x'.repeat(size))
  const view = new LogView(new RedisCalls(client, systemRuntime, 10_000), scene.keys)
  const asked = 1 << 20
  let from = '-'
  let read = 0
  for (;;) {
    const page = await view.page(from, asked)
    const { entries = [], ended } = page ?? {}
    const largest = Math.max(0, ...entries.map(({ message }) => message.payload.length))
    // Its fields beside the payload are some bytes each.
    expect(payloadOf(page)).toBeLessThanOrEqual(asked + largest)
    if (!ended) expect(payloadOf(page)).toBeGreaterThan(asked / 2)
    read += entries.length
    if (ended) break
    from = `(${entries.at(-1)?.message.id}`
  }
  expect(read).toBe(1 + 200 + 220)
})
