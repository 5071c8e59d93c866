import assert from 'node:assert/strict'
import { type RedisServer, startRedis } from '@wal/brokers'
import { openWal } from '@wal/core'
import '../src/index.js'
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
  // A page may hold more than asked for, since the script fetches entries in runs.
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

/** Bytes of payload in one answer. */
const payloadOf = (page: LogPage | undefined): number =>
  (page?.entries ?? []).reduce((sum, { message }) => sum + message.payload.length, 0)

test('H156: an answer of the server holds what was asked for and one record more, whatever the sizes of the records', async () => {
  await using scene = Scene.on(redis)
  const writer = await scene.writer()
  // Small records, and behind them as many large ones as one run fetches.
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
    // The other fields of an entry are a few bytes each.
    expect(payloadOf(page)).toBeLessThanOrEqual(asked + largest)
    if (!ended) expect(payloadOf(page)).toBeGreaterThan(asked / 2)
    read += entries.length
    if (ended) break
    from = `(${entries.at(-1)?.message.id}`
  }
  expect(read).toBe(1 + 200 + 220)
})

test('the largest record is known by its bytes, not by UTF-16 units', async () => {
  await using scene = Scene.on(redis)
  const { wal } = await scene.writer()
  for (const [i, unit] of ['a', '界'].entries()) {
    await wal.append(batchOf(1 + i, [{ payload: new Uint8Array(0), properties: ['k', unit.repeat(10_000)] }]))
    const largest = Number(await client.hget(scene.keys.state, 'largest'))
    const bytes = 10_000 * Buffer.byteLength(unit)
    assert.ok(largest >= bytes && largest < bytes + 100, `${largest} for ${bytes}`)
  }
})

test('a payload that is kept does not keep the page that it was read in', async () => {
  const url = `redis-streams://${redis.host}:${redis.port}`
  const wal = await openWal(url, { channel: 'payload-kept' })
  const payload = new Uint8Array(1024)
  for (let i = 0; i < 32; i++) await wal.appendBatch(Array.from({ length: 500 }, () => ({ payload })))
  await wal.close()
  const reader = await openWal(url, { channel: 'payload-kept', accessMode: 'ro' })
  const before = await arrayBuffers()
  const kept: Uint8Array[] = []
  let read = 0
  for await (const message of reader.read({ until: 'end' }))
    if (read++ % 1000 === 0) kept.push(message.payload)
  await reader.close()
  const held = ((await arrayBuffers()) - before) / (1 << 20)
  assert.equal(kept.length, 16)
  assert.ok(held < 1, `${held} MiB`)
})

/** Bytes in use outside the heap. Memory of collected buffers is given back while the event loop turns. */
async function arrayBuffers(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  assert.ok(gc, 'vitest.config.ts exposes it')
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
  return process.memoryUsage().arrayBuffers
}
