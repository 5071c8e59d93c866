import { createCertificates, type RedisServer, startRedis, startRedisSentinel } from '@wal/brokers'
import { openWal, type WalError } from '@wal/core'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import '../src/index.js'
import { codeOf, readAll, Scene } from './scene.js'

/** Everything that was printed to standard error, Node's warnings included. */
let printed: string[] = []
const warned = (warning: Error): void => void printed.push(warning.message)
beforeEach(() => {
  printed = []
  for (const method of ['error', 'warn'] as const)
    vi.spyOn(console, method).mockImplementation((...given: unknown[]) => void printed.push(given.join(' ')))
  process.on('warning', warned)
})
afterEach(() => {
  process.off('warning', warned)
  vi.restoreAllMocks()
})

const restarted = async (redis: RedisServer): Promise<void> => {
  await redis.kill()
  await new Promise((resolve) => setTimeout(resolve, 300))
  await redis.restart()
}

test('H155: nothing of ioredis’ is printed when a server goes away under a client, ours or the user’s', async () => {
  await using redis = await startRedis()
  await using scene = Scene.on(redis)
  const client = new Redis(redis.port, redis.host, { maxRetriesPerRequest: 0, enableOfflineQueue: false })
  for (const opener of [
    await scene.opener(),
    await scene.opener({ client }),
    await scene.opener({ waitReplicas: 1 }),
  ])
    await opener.open(scene.channel, { term: 1, incarnation: 'a' })
  const writer = await scene.writer(2, await scene.opener({ client, prefix: 'other:' }))
  await restarted(redis)
  await vi.waitUntil(
    () =>
      writer.wal.last().then(
        () => true,
        () => false,
      ),
    { timeout: 20_000 },
  )
  expect(printed).toEqual([])
  client.disconnect()
})

test('the errors of a user’s client show in ours while an opener uses it, and nothing of ours stays on it', async () => {
  await using redis = await startRedis({ password: 'right' })
  await using scene = Scene.on(redis)
  const client = new Redis(redis.port, redis.host, { password: 'right', enableOfflineQueue: false })
  await new Promise((resolve) => client.once('ready', resolve))
  const before = client.eventNames().map((name) => [name, client.listenerCount(name)])
  const openers = []
  for (let i = 0; i < 15; i++) openers.push(await scene.opener({ client, prefix: `prefix-${i}:` }))
  const writers = await Promise.all(openers.map((opener) => scene.writer(1, opener)))
  expect(await readAll((writers[14] as (typeof writers)[number]).wal)).toEqual(['opening of term 1'])
  expect(printed).toEqual([])
  for (const opener of openers) await opener.close()
  expect(client.eventNames().map((name) => [name, client.listenerCount(name)])).toEqual(before)
  client.disconnect()
})

test('nothing is printed of a password that the server does not ask for', async () => {
  await using redis = await startRedis()
  await using scene = Scene.on(redis, { password: 'not asked for', redis: { protocol: 2 } })
  for (const more of [{}, { waitReplicas: 1 }]) {
    const log = await (await scene.opener(more)).open(scene.channel, { term: 1, incarnation: 'a' })
    const scanner = log.read({ start: 'latest', maxBytes: 1000 })
    await scanner.next()
    void scanner.next()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(printed).toEqual([])
})

test('nothing is printed when sentinels that are watched go away', async () => {
  await using group = await startRedisSentinel()
  await using scene = new Scene({
    hosts: group.sentinels.map(({ host, port }) => `${host}:${port}`),
    sentinel: group.masterName,
    redis: { failoverDetector: true },
  })
  const writer = await scene.writer()
  await writer.append('a')
  await new Promise((resolve) => setTimeout(resolve, 300))
  await Promise.all(group.sentinels.slice(0, 2).map((sentinel) => sentinel.kill()))
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a'])
  expect(printed).toEqual([])
})

test('H154: a certificate that nobody vouches for is refused at once and for good, with advice', async () => {
  using certificates = await createCertificates()
  await using redis = await startRedis({ tls: certificates })
  const refusal = async (url: string): Promise<WalError> =>
    openWal(url, { channel: 'a' }).then(
      () => expect.unreachable(),
      (error: WalError) => error,
    )
  const untrusted = await refusal(`rediss-streams://127.0.0.1:${redis.port}`)
  expect(untrusted).toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false, name: 'WalError' })
  expect(untrusted.message).toMatch(/self-signed certificate.*give the authority that signed it/)
  expect(printed).toEqual([])
})

test('sentinels whose certificate nobody vouches for, or that refuse the password, end a build at once', async () => {
  using certificates = await createCertificates()
  await using group = await startRedisSentinel({ tls: certificates, password: 'right' })
  const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`).join(',')
  for (const options of [
    {},
    { backend: { redis: { tls: { ca: certificates.authority } }, password: 'wrong' } },
  ]) {
    const opening = openWal(`rediss-streams://${hosts}?sentinel=${group.masterName}`, {
      channel: 'a',
      openTimeoutMs: 60_000,
      ...options,
    })
    await expect(opening).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
  }
})

test('an open that sentinels keep from connecting says why when its time is over', async () => {
  await using group = await startRedisSentinel()
  const hosts = group.sentinels.map(({ host, port }) => `${host}:${port}`).join(',')
  const opening = openWal(`redis-streams://${hosts}?sentinel=unheard`, { channel: 'a', openTimeoutMs: 1_000 })
  await expect(opening).rejects.toMatchObject({
    code: 'WAL_TIMEOUT',
    message: expect.stringMatching(
      /still connecting.*The last failure: connecting to Redis at .*sentinels are unreachable/,
    ),
    cause: { code: 'WAL_UNAVAILABLE' },
  })
  expect(printed).toEqual([])
})

test('an append that the server refuses until its time is over says what the server says', async () => {
  await using redis = await startRedis()
  const wal = await openWal(`redis-streams://127.0.0.1:${redis.port}`, { channel: 'a', closeTimeoutMs: 100 })
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  await expect(wal.append({ payload: new Uint8Array(10) }, { timeoutMs: 500 })).rejects.toMatchObject({
    code: 'WAL_OUTCOME_UNKNOWN',
    retryable: false,
    message: expect.stringMatching(
      /The last failure: appending to wal:\{a\} failed: OOM command not allowed/,
    ),
    cause: { code: 'WAL_STORAGE_FULL', outcome: 'not-written' },
  })
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await wal.close()
  expect(printed).toEqual([])
})

test('H152: what is no append rejects with no outcome of one', async () => {
  const redis = await startRedis()
  await using scene = Scene.on(redis, { requestTimeoutMs: 500 })
  const writer = await scene.writer()
  const [id] = await writer.append('a')
  const opener = await scene.opener()
  const reader = await opener.openReadOnly(scene.channel)
  await redis.stop()
  const calls: Record<string, () => Promise<unknown>> = {
    build: () => scene.opener({ prefix: 'another:' }),
    openReadOnly: () => opener.openReadOnly(scene.channel),
    open: () => opener.open(scene.channel, { term: 2, incarnation: 'b' }),
    list: () => opener.list(),
    delete: () => opener.delete(scene.channel),
    last: () => reader.last(),
    read: () => readAll(reader),
    truncate: () => writer.wal.truncate(id as never),
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = await call().catch((reason: unknown) => reason)
    expect(error, name).toMatchObject({ code: 'WAL_UNAVAILABLE', name: 'WalError' })
    expect(error, name).not.toHaveProperty('outcome')
  }
  await expect(writer.append('b')).rejects.toMatchObject({ name: 'AppendError', outcome: expect.any(String) })
  expect(
    await codeOf(openWal(`redis-streams://127.0.0.1:${redis.port}`, { channel: 'a', accessMode: 'ro' })),
  ).toBe('WAL_UNAVAILABLE')
})
