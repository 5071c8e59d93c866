import assert from 'node:assert/strict'
import { type RedisServer, startRedis } from '@wal/brokers'
import { type AppendResult, openWal, type PositionTruncatedError, type ScannerElement } from '@wal/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import '../src/index.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' })
})
afterAll(() => redis.stop())

let channels = 0

/** Messages a, b, c, a time tick, d, e, through the adaptor; and the stream that holds them. */
async function filled() {
  const channel = `removed-${channels++}`
  const url = `redis-streams://127.0.0.1:${redis.port}`
  const wal = await openWal(url, { channel, timeTickMs: 60_000 })
  onTestFinished(() => wal.close())
  const results = new Map<string, AppendResult>()
  const append = async (text: string) => results.set(text, await wal.append({ payload: Buffer.from(text) }))
  for (const each of ['a', 'b', 'c']) await append(each)
  await wal.barrier()
  for (const each of ['d', 'e']) await append(each)
  const reader = await openWal(url, { channel, accessMode: 'ro' })
  onTestFinished(() => reader.close())
  const idOf = (text: string) => results.get(text)?.messageId as string
  return { url, channel, wal, reader, append, idOf, stream: `wal:{${channel}}` }
}

const shown = (each: ScannerElement) =>
  each.kind === 'message'
    ? Buffer.from(each.payload).toString()
    : each.kind === 'gap'
      ? `${each.reason} gap`
      : ''

async function texts(scanner: AsyncIterable<ScannerElement>): Promise<string[]> {
  const seen: string[] = []
  for await (const each of scanner) seen.push(shown(each))
  return seen
}

for (const [what, remove, kept] of [
  [
    'from the middle',
    (log: Log) => redis.command('XDEL', log.stream, log.idOf('b'), log.idOf('c')),
    ['a', 'lost gap', 'd', 'e'],
  ],
  [
    'from behind the last time tick',
    (log: Log) => redis.command('XDEL', log.stream, log.idOf('d')),
    ['a', 'b', 'c', 'lost gap', 'e'],
  ],
  [
    'from the front',
    (log: Log) => redis.command('XTRIM', log.stream, 'MINID', log.idOf('c')),
    ['lost gap', 'c', 'd', 'e'],
  ],
] as const)
  test(`entries removed ${what}: readers are told or get one gap, and the log is opened and written on`, async () => {
    const log = await filled()
    await remove(log)
    const error = (await texts(log.reader.read({ until: 'end' })).catch(
      (reason) => reason,
    )) as PositionTruncatedError
    expect(error.code).toBe('WAL_POSITION_TRUNCATED')
    const behind = kept.slice(kept.indexOf('lost gap') + 1)
    assert.deepEqual(await texts(log.reader.read({ from: error.oldest as string, until: 'end' })), behind)
    assert.deepEqual(await texts(log.reader.read({ gaps: 'deliver', until: 'end' })), kept)
    await log.append('f')
    const next = await openWal(log.url, { channel: log.channel })
    onTestFinished(() => next.close())
    await next.append({ payload: Buffer.from('g') })
    assert.deepEqual(await texts(log.reader.read({ gaps: 'deliver', until: 'end' })), [...kept, 'f', 'g'])
  })

test('all entries removed: an open for writing is refused at once', async () => {
  const log = await filled()
  await log.wal.close()
  await redis.command('XTRIM', log.stream, 'MAXLEN', 0)
  await expect(openWal(log.url, { channel: log.channel, openTimeoutMs: 60_000 })).rejects.toMatchObject({
    code: 'WAL_POSITION_TRUNCATED',
  })
})

type Log = Awaited<ReturnType<typeof filled>>
