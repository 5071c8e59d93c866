import { type RedisServer, startRedis } from '@wal/brokers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAll, Scene } from './scene.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(() => redis.stop())

const FIELDS = ['last', 'base', 'oldest', 'below', 'largest'] as const

/** Calls that read the field in question, of a writer at work and of others. */
async function outcomesWith(field: string, garbage: string): Promise<Record<string, unknown>> {
  await using scene = Scene.on(redis)
  const writer = await scene.writer()
  const ids = await writer.append('a', 'b', 'c')
  await writer.wal.truncate(ids[1] as never)
  const other = await scene.opener()
  const reader = await other.openReadOnly(scene.channel)
  await redis.command('HSET', scene.keys.state, field, garbage)
  const outcome = (call: () => Promise<unknown>) =>
    call().then(
      () => undefined,
      (error: unknown) => error,
    )
  return {
    append: await outcome(() => writer.append('d')),
    'append of a new writer': await outcome(() => scene.writer(2, other)),
    last: await outcome(() => reader.last()),
    read: await outcome(() => readAll(reader)),
    truncate: await outcome(() => writer.wal.truncate(ids[2] as never)),
    openReadOnly: await outcome(() => other.openReadOnly(scene.channel)),
  }
}

async function tells(field: (typeof FIELDS)[number]): Promise<void> {
  for (const garbage of ['garbage', '5-', '-']) {
    const outcomes = await outcomesWith(field, garbage)
    let told = 0
    for (const [call, error] of Object.entries(outcomes)) {
      if (error === undefined) continue
      told++
      const what = `${call} with ${field} ${garbage}: ${error}`
      expect((error as { code?: string }).code, what).toBe('WAL_CORRUPT')
      expect((error as { retryable?: boolean }).retryable, what).toBe(false)
      expect(String(error), what).toMatch(/the hash wal:\{test-\w+\}:state of the stream wal:\{test-\w+\}: /)
    }
    expect(told, field).toBeGreaterThan(0)
  }
}

test('H153: what nobody of ours puts into the state of a log is WAL_CORRUPT, naming the key', () =>
  tells('last'))

test.each(FIELDS.slice(1))('so it is with the field %s', tells)
