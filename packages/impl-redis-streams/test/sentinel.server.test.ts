import { setTimeout as sleep } from 'node:timers/promises'
import { type RedisSentinel, startRedisSentinel } from '@wal/brokers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { codeOf, readAll, Scene, scan, textsOf } from './scene.js'

let group: RedisSentinel
beforeAll(async () => {
  group = await startRedisSentinel({ appendfsync: 'always' })
})
afterAll(() => group.stop())

const options = () => ({
  hosts: group.sentinels.map(({ host, port }) => `${host}:${port}`),
  sentinel: group.masterName,
  pollMs: 100,
  requestTimeoutMs: 2000,
})

test('guarantees claim no more than a group with replicas can keep', async () => {
  await using scene = new Scene(options())
  const { guarantees } = (await scene.writer()).wal
  expect(guarantees.fencing).toBe('single-primary')
  expect(guarantees.durability).toBe('best-effort')
  expect(guarantees.warnings.join()).toContain('WAL_LOG_ROLLED_BACK')
})

test('waitReplicas: acknowledged when they have it, unknown while they can not', async () => {
  await using scene = new Scene({ ...options(), waitReplicas: 2 })
  const writer = await scene.writer()
  await writer.append('a')
  const primary = await group.primary()
  const replicas = group.servers.filter((server) => server !== primary)
  replicas[0]?.freeze()
  const batch = writer.batch('b')
  await expect(writer.wal.append(batch)).rejects.toMatchObject({ outcome: 'unknown', retryable: true })
  replicas[0]?.thaw()
  await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 60_000 })
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
})

test('a failover that loses acknowledged records: writer and readers are told, nothing is given out twice', async () => {
  await using scene = new Scene(options())
  const writer = await scene.writer()
  const ids = await writer.append('a', 'b')
  const reader = await scene.reader()
  const behind = scan(reader)
  expect(textsOf((await behind.next()) ?? [])).toEqual(['opening of term 1', 'a', 'b'])
  const primary = await group.primary()
  const replicas = group.servers.filter((server) => server !== primary)
  await Promise.all(replicas.map((replica) => hasEntries(replica, scene.keys.stream, 3)))
  // From now on nothing is replicated.
  for (const replica of replicas) await replica.command('REPLICAOF', 'NO', 'ONE')
  await primary.command('CONFIG', 'SET', 'min-replicas-to-write', 0)
  const lost = await writer.append('lost 1', 'lost 2')
  let ahead = scan(reader)
  expect(textsOf((await ahead.next()) ?? [])).toEqual(['opening of term 1', 'a', 'b', 'lost 1', 'lost 2'])
  const resumed = { from: lost[1] as never }
  await primary.kill()
  const [next, other] = replicas
  await other?.command('REPLICAOF', '127.0.0.1', next?.port ?? 0)
  for (const sentinel of group.sentinels) {
    await sentinel.command('SENTINEL', 'REMOVE', group.masterName)
    await sentinel.command('SENTINEL', 'MONITOR', group.masterName, '127.0.0.1', next?.port ?? 0, 2)
  }

  const batch = writer.batch('c')
  const error = await vi.waitUntil(
    async () => {
      const code = await writer.wal.append(batch).then(
        () => ({ code: 'stored', message: '' }),
        (reason) => reason,
      )
      return code.code === 'WAL_UNAVAILABLE' ? undefined : code
    },
    { timeout: 60_000 },
  )
  expect(error.code).toBe('WAL_LOG_ROLLED_BACK')
  expect(error.message).toContain(String(ids[1]))
  expect(error.message).toContain(String(lost[1]))
  expect(await codeOf(writer.wal.append(batch))).toBe('WAL_LOG_ROLLED_BACK')
  expect(
    await codeOf(
      until(async () => {
        try {
          for (;;) await ahead.next()
        } catch (error) {
          // A scanner ends with its first error, even with one that passes. Then another scanner reads on, as core does.
          ahead = scan(reader, resumed)
          throw error
        }
      }),
    ),
  ).toBe('WAL_LOG_ROLLED_BACK')
  expect(await codeOf(until(() => readAll(reader, resumed)))).toBe('WAL_LOG_ROLLED_BACK')

  const newer = await scene.writer(2)
  await newer.append('d')
  // A reader that had not read the lost records goes on. A reader that had is told, though new records follow.
  await vi.waitFor(
    async () =>
      expect(await readAll(reader)).toEqual(['opening of term 1', 'a', 'b', 'opening of term 2', 'd']),
    {
      timeout: 30_000,
    },
  )
  expect(await codeOf(readAll(reader, resumed))).toBe('WAL_LOG_ROLLED_BACK')
  await expect(readAll(reader, { from: ids[1] as never })).resolves.toEqual(['b', 'opening of term 2', 'd'])
})

/** Calls again as long as the call rejects because the server can't be reached. */
async function until<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if ((error as { code?: string }).code !== 'WAL_UNAVAILABLE') throw error
      // A client without a connection refuses at once. Without this pause the loop would leave it no time to connect.
      await sleep(20)
    }
  }
}

async function hasEntries(
  server: { command(...words: string[]): Promise<unknown> },
  stream: string,
  count: number,
) {
  await vi.waitUntil(async () => (await server.command('XLEN', stream)) === count, { timeout: 30_000 })
}
