import { startRedis } from '@wal/brokers'
import { expect, test } from 'vitest'
import { batchOf, Scene, scan, text, textsOf } from './scene.js'

const CHANNELS = 1000

test('1,000 channels with a tailing reader each, on one opener: at most 4 connections, messages flow on all', async () => {
  await using redis = await startRedis()
  await using writing = Scene.on(redis)
  await using reading = Scene.on(redis, { pollMs: 600_000 })
  const writer = await writing.opener()
  const names = Array.from({ length: CHANNELS }, (_, i) => `${writing.channel}-${i}`)
  const logs = await Promise.all(
    names.map(async (name) => {
      const wal = await writer.open(name, { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, [text('opening')]))
      return wal
    }),
  )
  const connections = async () => {
    const clients = String(await redis.command('CLIENT', 'LIST'))
      .trim()
      .split('\n')
    // The connection that asks is in the list as well.
    return clients.length - 1
  }
  const before = await connections()
  const reader = await reading.opener()
  const scanners = await Promise.all(
    names.map(async (name) => {
      const scanner = scan(await reader.openReadOnly(name), 'latest')
      expect(await scanner.next()).toEqual([])
      return { next: scanner.next() }
    }),
  )
  expect((await connections()) - before).toBeLessThanOrEqual(4)
  for (const [i, wal] of logs.entries()) await wal.append(batchOf(1, [text(`${i}`)]))
  for (const [i, { next }] of scanners.entries()) expect(textsOf((await next) ?? [])).toEqual([`${i}`])
  expect((await connections()) - before).toBeLessThanOrEqual(4)
})
