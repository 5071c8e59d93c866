import { inspect } from 'node:util'
import { createCertificates, startRedis, startRedisCluster, startRedisSentinel } from '@wal/brokers'
import { openWal } from '@wal/core'
import { expect, test, vi } from 'vitest'
import '../src/index.js'
import { codeOf, readAll, Scene, scan, textsOf } from './scene.js'

const PASSWORD = 'correct-horse-battery'

/** The ACL rules that the README gives. */
const RULES =
  '+hello +select +ping +client|setname +info +config|get +evalsha +eval +exists +time +scan ' +
  '+xadd +xrange +xrevrange +xtrim +hget +hmget +hset +hdel +unlink +publish +subscribe +unsubscribe'

test('a user with the rules of the README does everything, in its key space alone', async () => {
  await using redis = await startRedis({
    appendfsync: 'always',
    acl: ['user default off', `user wal on >${PASSWORD} ~wal:* &wal:* ${RULES}`],
  })
  await using scene = Scene.on(redis, { user: 'wal', password: PASSWORD, pollMs: 600_000 })
  const writer = await scene.writer()
  const scanner = scan(await scene.reader(), 'latest')
  expect(await scanner.next()).toEqual([])
  const next = scanner.next()
  const ids = await writer.append('a', 'b')
  expect(textsOf((await next) ?? [])).toEqual(['a', 'b'])
  await writer.wal.truncate(ids[1] as never)
  expect(await readAll(writer.wal)).toEqual(['b'])
  expect(writer.wal.guarantees).toMatchObject({ durability: expect.stringContaining('synced'), warnings: [] })
  const opener = await scene.opener()
  expect(await opener.list()).toEqual([scene.channel])
  await opener.delete(scene.channel)
  await using elsewhere = Scene.on(redis, { user: 'wal', password: PASSWORD, prefix: 'other:' })
  await expect(elsewhere.writer()).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
})

test('settings that may not be read are unknown, and appends that may not be made are refused for good', async () => {
  await using redis = await startRedis({
    appendfsync: 'always',
    acl: [
      `user default on >${PASSWORD} ~* &* +@all`,
      `user few on >${PASSWORD} ~wal:* &wal:* ${RULES} -config|get -info -publish`,
      `user reader on >${PASSWORD} ~wal:* &wal:* ${RULES} -xadd`,
    ],
  })
  await using scene = Scene.on(redis, { password: PASSWORD })
  const few = await scene.opener({ user: 'few', pollMs: 50 })
  const writer = await scene.writer(1, few)
  expect(writer.wal.guarantees).toMatchObject({
    durability: 'unknown',
    fencing: 'unknown',
    retention: 'unknown',
  })
  expect(writer.wal.guarantees.warnings.join()).toContain('unknown')
  // The ACL lets nobody publish, so the reader has to find the record by polling.
  const scanner = scan(await few.openReadOnly(scene.channel), 'latest')
  expect(await scanner.next()).toEqual([])
  const next = scanner.next()
  await writer.append('a')
  expect(textsOf((await next) ?? [])).toEqual(['a'])
  const reader = await scene.opener({ user: 'reader' })
  await expect(scene.writer(2, reader)).rejects.toMatchObject({
    code: 'WAL_UNAVAILABLE',
    retryable: false,
    outcome: 'not-written',
  })
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a'])
})

test('permissions that are taken away under a writer: what it is told is what was done', async () => {
  const all = ['on', `>${PASSWORD}`, '~wal:*', '&wal:*', ...RULES.split(' ')]
  await using redis = await startRedis({ appendfsync: 'always' })
  for (const command of ['hset', 'xadd', 'hmget', 'xrange', 'publish']) {
    await redis.command('ACL', 'SETUSER', 'wal', 'reset', ...all)
    await using scene = Scene.on(redis, { user: 'wal', password: PASSWORD })
    const writer = await scene.writer()
    await redis.command('ACL', 'SETUSER', 'wal', `-${command}`)
    const batch = writer.batch('a', 'b')
    const error = await writer.wal.append(batch).catch((reason) => reason)
    const stored = Number(await redis.command('XLEN', scene.keys.stream)) - 1
    expect([command, stored, error.outcome]).toEqual(
      error.outcome === undefined ? [command, 2, undefined] : [command, 0, 'not-written'],
    )
    await redis.command('ACL', 'SETUSER', 'wal', `+${command}`)
    await writer.wal.append(batch)
    expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
  }
})

test('a password changed under a writer: every error says why, until the password is right again', async () => {
  await using redis = await startRedis({ appendfsync: 'always' })
  const user = ['ACL', 'SETUSER', 'wal', 'on', '~*', '&*', '+@all']
  await redis.command(...user, `>${PASSWORD}`)
  await using scene = Scene.on(redis, { user: 'wal', password: PASSWORD })
  const writer = await scene.writer()
  await redis.command(...user, 'resetpass', '>another')
  await redis.command('CLIENT', 'KILL', 'USER', 'wal')
  const batch = writer.batch('a')
  const error = await vi.waitUntil(
    () =>
      writer.wal.append(batch).then(
        () => undefined,
        (reason) => (reason.message.includes('WRONGPASS') ? reason : undefined),
      ),
    { timeout: 30_000 },
  )
  expect(error).toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: true })
  expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  await redis.command(...user, `>${PASSWORD}`)
  await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 30_000 })
})

test('a failed login shows no password, at whatever depth', async () => {
  await using redis = await startRedis({ password: PASSWORD })
  await using scene = Scene.on(redis)
  const wrong = `${PASSWORD}-wrong`
  const errors = [
    await scene.opener({ password: wrong }).catch((error) => error),
    await scene.opener({ user: 'nobody', password: wrong }).catch((error) => error),
    await openWal(`redis-streams://nobody:${wrong}@127.0.0.1:${redis.port}`, { channel: 'a' }).catch(
      (error) => error,
    ),
    await openWal(`redis-streams://:${wrong}@127.0.0.1:${redis.port}`, { channel: 'a' }).catch(
      (error) => error,
    ),
  ]
  for (const error of errors) {
    expect(error.code).toBe('WAL_UNAVAILABLE')
    const shown = [
      inspect(error, { depth: null, showHidden: true }),
      JSON.stringify(error),
      String(error.stack),
    ].join()
    expect(shown).not.toContain(PASSWORD)
    expect(shown).toMatch(/WRONGPASS|NOAUTH/)
  }
  expect(await codeOf(scene.opener())).toBe('WAL_UNAVAILABLE')
})

test('TLS: with the authority it connects, without it says why; the scheme rediss-streams asks for it', async () => {
  using certificates = await createCertificates()
  await using redis = await startRedis({ tls: certificates, password: PASSWORD })
  await using scene = Scene.on(redis, { password: PASSWORD })
  const trusting = { tls: true, redis: { tls: { ca: certificates.authority } } }
  const writer = await scene.writer(1, await scene.opener(trusting))
  await writer.append('a')
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a'])
  for (const error of [
    await scene.opener({ tls: true }).catch((reason) => reason),
    await openWal(`rediss-streams://:${PASSWORD}@127.0.0.1:${redis.port}`, { channel: 'a' }).catch(
      (reason) => reason,
    ),
  ]) {
    expect(error).toMatchObject({ code: 'WAL_UNAVAILABLE' })
    expect(error.message).toMatch(/certificate/)
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(PASSWORD)
  }
})

test('TLS behind Sentinel: to the sentinels and to the servers, never in clear', async () => {
  using certificates = await createCertificates()
  await using group = await startRedisSentinel({ tls: certificates, password: PASSWORD })
  await using scene = new Scene({
    hosts: group.sentinels.map(({ host, port }) => `${host}:${port}`),
    sentinel: group.masterName,
    password: PASSWORD,
    tls: true,
    redis: { tls: { ca: certificates.authority } },
  })
  const writer = await scene.writer()
  await writer.append('a')
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a'])
})

test('TLS in a Cluster: to every node, wake-ups included', async () => {
  using certificates = await createCertificates()
  await using cluster = await startRedisCluster({
    tls: certificates,
    password: PASSWORD,
    config: { 'tls-cluster': 'yes' },
  })
  await using scene = new Scene({
    hosts: cluster.nodes.map(({ host, port }) => `${host}:${port}`),
    cluster: true,
    password: PASSWORD,
    tls: true,
    redis: { tls: { ca: certificates.authority } },
    pollMs: 600_000,
  })
  const writer = await scene.writer()
  const scanner = scan(await scene.reader(), 'latest')
  expect(await scanner.next()).toEqual([])
  const next = scanner.next()
  await writer.append('a')
  expect(textsOf((await next) ?? [])).toEqual(['a'])
})
