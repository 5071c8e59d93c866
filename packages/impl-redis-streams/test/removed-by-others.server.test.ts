import { type RedisServer, startRedis } from '@wal/brokers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { codeOf, readAll, Scene, scan, textsOf } from './scene.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' })
})
afterAll(() => redis.stop())

/** A writer of some records, and a reader that has given out all of them and waits for more. */
async function tailing(scene: Scene) {
  const writer = await scene.writer()
  const ids = await writer.append('a', 'b', 'c', 'd')
  const reader = await scene.reader()
  const scanner = scan(reader)
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['opening of term 1', 'a', 'b', 'c', 'd'])
  expect(await scanner.next()).toEqual([])
  return { writer, ids, reader, scanner }
}

test('entries deleted in the middle: what is whole is given out, then the gap', async () => {
  await using scene = Scene.on(redis)
  const { ids, reader } = await tailing(scene)
  await redis.command('XDEL', scene.keys.stream, String(ids[1]), String(ids[2]))
  const scanner = scan(reader)
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['opening of term 1', 'a'])
  await expect(scanner.next()).rejects.toMatchObject({
    code: 'WAL_POSITION_TRUNCATED',
    oldest: String(ids[3]),
  })
  expect(await readAll(reader, { from: ids[3] as never })).toEqual(['d'])
  expect(await codeOf(readAll(reader, { from: ids[2] as never }))).toBe('WAL_POSITION_TRUNCATED')
})

test('XTRIM from the front: a reader from the oldest is told, a tailing one goes on', async () => {
  await using scene = Scene.on(redis)
  const { writer, ids, reader, scanner } = await tailing(scene)
  await redis.command('XTRIM', scene.keys.stream, 'MINID', String(ids[2]))
  await expect(scan(reader).next()).rejects.toMatchObject({
    code: 'WAL_POSITION_TRUNCATED',
    oldest: String(ids[2]),
  })
  const next = scanner.next()
  await writer.append('e')
  expect(textsOf((await next) ?? [])).toEqual(['e'])
  // When the writer truncates behind the removed records, the log is whole again.
  await writer.wal.truncate(ids[3] as never)
  expect(await readAll(reader)).toEqual(['d', 'e'])
})

test('everything trimmed away: nobody takes the log for an empty one', async () => {
  await using scene = Scene.on(redis)
  const { writer, ids, reader, scanner } = await tailing(scene)
  await redis.command('XTRIM', scene.keys.stream, 'MAXLEN', 0)
  expect(await codeOf(reader.last())).toBe('WAL_POSITION_TRUNCATED')
  expect(await codeOf(readAll(reader))).toBe('WAL_POSITION_TRUNCATED')
  expect(await codeOf(readAll(reader, { from: ids[3] as never }))).toBe('WAL_POSITION_TRUNCATED')
  const next = scanner.next()
  await writer.append('e')
  expect(textsOf((await next) ?? [])).toEqual(['e'])
})

for (const [what, remove] of Object.entries({
  DEL: (scene: Scene) => redis.command('DEL', scene.keys.stream, scene.keys.state),
  'DEL of the stream alone': (scene: Scene) => redis.command('DEL', scene.keys.stream),
  expiry: (scene: Scene) => redis.command('PEXPIRE', scene.keys.stream, 1),
  FLUSHALL: () => redis.command('FLUSHALL'),
})) {
  test(`${what}: the writer and the readers end, the waiting one too`, async () => {
    await using scene = Scene.on(redis, { pollMs: 50 })
    const { writer, ids, reader, scanner } = await tailing(scene)
    const next = codeOf(scanner.next())
    await remove(scene)
    await vi.waitUntil(async () => (await redis.command('EXISTS', scene.keys.stream)) === 0)
    expect(await codeOf(writer.append('e'))).toMatch(/^WAL_(CHANNEL_NOT_FOUND|FENCED)$/)
    expect(await codeOf(readAll(reader))).toBe('WAL_CHANNEL_NOT_FOUND')
    expect(await codeOf(reader.last())).toBe('WAL_CHANNEL_NOT_FOUND')
    expect(await next).toBe('WAL_CHANNEL_NOT_FOUND')
    // A reader of the old log does not take a new log of the same name for it.
    const newer = await scene.writer(2)
    await newer.append('new')
    expect(await codeOf(writer.append('e'))).not.toBe('no error')
    expect(await codeOf(readAll(reader, { from: ids[0] as never }))).toBe('WAL_LOG_ROLLED_BACK')
    expect(await readAll(reader)).toEqual(['opening of term 2', 'new'])
  })
}

test('a stream removed long after its reader had come to the end: the reader is told', async () => {
  await using scene = Scene.on(redis, { pollMs: 50 })
  const { scanner } = await tailing(scene)
  const next = codeOf(scanner.next())
  await redis.command('CONFIG', 'RESETSTAT')
  // The first poll has nothing to compare with, so it wakes the reader in any case.
  await vi.waitUntil(
    async () => {
      const stats = String(await redis.command('INFO', 'commandstats'))
      return Number(/cmdstat_hget:calls=(\d+)/.exec(stats)?.[1]) >= 3
    },
    { timeout: 30_000 },
  )
  await redis.command('DEL', scene.keys.stream)
  expect(await next).toBe('WAL_CHANNEL_NOT_FOUND')
})

test('a stream that is gone takes its fence along: the channel can be opened again, at whatever term', async () => {
  await using scene = Scene.on(redis)
  const { ids } = await tailing(scene)
  await scene.writer(7)
  await redis.command('DEL', scene.keys.stream)
  const [first] = await (await scene.writer(1)).append('new')
  expect(first?.milliseconds).toBeGreaterThan(ids[0]?.milliseconds ?? 0)
})

test('a log begun again while a reader did not look is not taken for the one it read', async () => {
  await using scene = Scene.on(redis)
  const { scanner } = await tailing(scene)
  await redis.command('DEL', scene.keys.stream, scene.keys.state)
  await (await scene.writer(1)).append('new')
  expect(await codeOf(scanner.next())).toBe('WAL_LOG_ROLLED_BACK')
})

test('the state alone is gone: the writer is told to look and takes the fence back, nothing is lost', async () => {
  await using scene = Scene.on(redis)
  const { writer, reader } = await tailing(scene)
  await redis.command('DEL', scene.keys.state)
  const failed = writer.batch('e')
  expect(await codeOf(writer.wal.append(failed))).toBe('WAL_FENCED')
  const again = await (await scene.opener()).open(scene.channel, writer.wal.writer)
  await again.append(failed)
  expect(await readAll(reader)).toEqual(['opening of term 1', 'a', 'b', 'c', 'd', 'e'])
})

test('an entry that another application adds is damage, and ends nobody in silence', async () => {
  await using scene = Scene.on(redis)
  const { writer, reader } = await tailing(scene)
  await redis.command('XADD', scene.keys.stream, '*', 'hello', 'there')
  expect(await codeOf(readAll(reader))).toBe('WAL_CORRUPT')
  expect(await codeOf(writer.append('e'))).toBe('WAL_CORRUPT')
})

test('the last entry deleted: readers meet the gap, and the log can be written on', async () => {
  await using scene = Scene.on(redis)
  const { writer, ids, reader } = await tailing(scene)
  await redis.command('XDEL', scene.keys.stream, String(ids[3]))
  // A log whose last record was removed can't say where it ends.
  const scanner = scan(reader)
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['opening of term 1', 'a', 'b', 'c'])
  await expect(scanner.next()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED', oldest: undefined })
  expect(await codeOf(writer.append('e'))).toBe('no error')
  const [last] = await writer.append('f')
  await redis.command('XDEL', scene.keys.stream, String(last))
  const newer = await scene.writer(2)
  await newer.append('g')
  expect(await codeOf(readAll(reader, { from: ids[0] as never }))).toBe('WAL_POSITION_TRUNCATED')
  expect(await codeOf(readAll(reader, { from: last as never }))).toBe('WAL_POSITION_TRUNCATED')
})

test('evicted: the writer and the readers end', async () => {
  await using small = await startRedis({ config: { maxmemory: '8mb', 'maxmemory-policy': 'allkeys-random' } })
  await using scene = Scene.on(small, { pollMs: 50 })
  const writer = await scene.writer()
  const reader = await scene.reader()
  expect(reader.guarantees.retention).toContain('evict')
  expect(reader.guarantees.warnings.join()).toContain('allkeys-random')
  // The server chooses which of the two keys it evicts, and when.
  for (let i = 0; Number(await small.command('EXISTS', scene.keys.stream, scene.keys.state)) === 2; i++)
    await small.command('SET', `filler-${i}`, 'x'.repeat(100_000))
  expect(await codeOf(writer.append('a'))).toMatch(/^WAL_(CHANNEL_NOT_FOUND|FENCED)$/)
  expect(['no error', 'WAL_CHANNEL_NOT_FOUND']).toContain(await codeOf(readAll(reader)))
})

test('out of memory: not written, and it may be sent again', async () => {
  await using small = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } })
  await using scene = Scene.on(small)
  const writer = await scene.writer()
  await small.command('CONFIG', 'SET', 'maxmemory', '1mb')
  const failed = writer.batch('a', 'b')
  await expect(writer.wal.append(failed)).rejects.toMatchObject({
    code: 'WAL_STORAGE_FULL',
    outcome: 'not-written',
    retryable: true,
  })
  await small.command('CONFIG', 'SET', 'maxmemory', '0')
  await writer.wal.append(failed)
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
})
