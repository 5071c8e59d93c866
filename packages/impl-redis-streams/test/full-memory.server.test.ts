import assert from 'node:assert/strict'
import { type RedisServer, startRedis } from '@wal/brokers'
import { type AppendResult, openWal, type WAL } from '@wal/core'
import { onTestFinished, test } from 'vitest'
import '../src/index.js'

const payload = new Uint8Array(64 * 1024)

/** A server whose memory one log has used up, and an append that waits for memory. */
async function full() {
  const redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } })
  onTestFinished(() => redis.stop())
  const wal = await open(redis)
  const results: AppendResult[] = []
  for (let i = 0; i < 40; i++) results.push(await wal.append({ payload }))
  await wal.barrier()
  const used = /used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1]
  await redis.command('CONFIG', 'SET', 'maxmemory', String(Math.floor(Number(used) * 0.8)))
  const waiting = wal.append({ payload })
  waiting.catch(() => {})
  let acked = false
  waiting.then(
    () => {
      acked = true
    },
    () => {},
  )
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(acked, false)
  return { redis, wal, results, waiting }
}

async function open(redis: RedisServer): Promise<WAL> {
  const wal = await openWal(`redis-streams://127.0.0.1:${redis.port}`, {
    channel: 'orders',
    closeTimeoutMs: 200,
  })
  onTestFinished(() => wal.close())
  return wal
}

async function countOf(wal: WAL): Promise<number> {
  let count = 0
  for await (const _ of wal.read({ until: 'end' })) count++
  return count
}

test('H116: at the server’s maxmemory truncate frees, and the append that waits is acknowledged', async () => {
  const { wal, results, waiting } = await full()
  await wal.truncate(results[29]?.position as string)
  await waiting
  assert.equal(await countOf(wal), 11)
})

test('a log of a server at its maxmemory is opened for writing after a restart, and truncated', async () => {
  const { redis, wal, results, waiting } = await full()
  await wal.close()
  await assert.rejects(waiting, { code: 'WAL_CLOSED' })
  const next = await open(redis)
  await next.truncate(results[29]?.position as string)
  await next.append({ payload })
  assert.equal(await countOf(next), 11)
})
