import { type RedisServer, startRedis } from '@wal/brokers'
import { openWal } from '@wal/core'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import '../src/index.js'
import { codeOf, readAll, Scene, scan, textsOf } from './scene.js'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' })
})
afterAll(() => redis.stop())

test('any client reads an entry a message: properties as fields, and the payload', async () => {
  await using wal = await openWal(`redis-streams://127.0.0.1:${redis.port}`, { channel: 'interop' })
  const payload = Uint8Array.from({ length: 256 }, (_, i) => i)
  await wal.append({ vchannel: 'eu', payload, properties: new Map([['kind', 'créé']]) })
  const client = new Redis(redis.port, '127.0.0.1')
  try {
    const entries = await client.xrangeBuffer('wal:{interop}', '-', '+')
    const [id, fields = []] = entries.at(-1) as unknown as [Buffer, Buffer[]]
    const map = new Map<string, Buffer>()
    for (let i = 0; i < fields.length; i += 2) map.set(String(fields[i]), fields[i + 1] as Buffer)
    expect(String(id)).toMatch(/^[0-9]{13}-1$/)
    expect(String(map.get('kind'))).toBe('créé')
    expect(String(map.get('_vc'))).toBe('eu')
    expect([...(map.get('_payload') ?? [])]).toEqual([...payload])
    expect(String((entries[0] as unknown as [Buffer, Buffer[]])[1][0])).toBe('_prev')
  } finally {
    client.disconnect()
  }
})

test('a client that is there already is used and left open', async () => {
  const client = new Redis(redis.port, '127.0.0.1')
  try {
    await using scene = new Scene({ client })
    const opener = await scene.opener()
    const writer = await scene.writer(1, opener)
    const scanner = scan(await opener.openReadOnly(scene.channel), 'latest')
    expect(await scanner.next()).toEqual([])
    const next = scanner.next()
    await writer.append('a')
    expect(textsOf((await next) ?? [])).toEqual(['a'])
    await opener.close()
    expect(await client.ping()).toBe('PONG')
  } finally {
    client.disconnect()
  }
})

test('such a client may send commands again by itself: no batch is stored twice', async () => {
  const client = new Redis(redis.port, '127.0.0.1')
  try {
    await using scene = new Scene({ client })
    const writer = await scene.writer(1, await scene.opener())
    for (let i = 0; i < 20; i++) {
      const batch = writer.batch(`${i}`)
      const storing = codeOf(writer.wal.append(batch))
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal')
      for (let result = await storing; result !== 'no error'; )
        result = await codeOf(writer.wal.append(batch))
    }
    expect((await readAll(writer.wal)).slice(1)).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`))
  } finally {
    client.disconnect()
  }
})

test('options of ioredis that scripts would not survive are set right', async () => {
  await using scene = Scene.on(redis, { redis: { enableAutoPipelining: true } })
  const writer = await scene.writer()
  await Promise.all([writer.append('a'), writer.append('b')])
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
})

test('another database, another prefix: channels of their own', async () => {
  await using one = Scene.on(redis, { prefix: 'a[*]:' })
  await using two = Scene.on(redis, { prefix: 'a[*]:', db: '3' })
  await (await one.writer()).append('a')
  expect(await (await one.opener()).list()).toEqual([one.channel])
  expect(await (await two.opener()).list()).toEqual([])
  expect(await codeOf((await two.opener()).openReadOnly(one.channel))).toBe('WAL_CHANNEL_NOT_FOUND')
})

test('a database that the server has not got is an error, not database 0', async () => {
  await using scene = Scene.on(redis, { db: '99' })
  await expect(scene.opener()).rejects.toMatchObject({
    code: 'WAL_UNAVAILABLE',
    retryable: false,
    message: expect.stringContaining('DB index is out of range'),
  })
})

test('options that would break it are refused before anything is connected', async () => {
  const refused = [
    {},
    { hosts: ['127.0.0.1:1', '127.0.0.1:2'] },
    { hosts: ['127.0.0.1:1'], db: 'zero' },
    { hosts: ['a b:c'] },
    { hosts: ['127.0.0.1:99999'] },
    { hosts: ['127.0.0.1:1'], cluster: true, db: '1' },
    { client: {} },
    { client: new Redis({ lazyConnect: true, enableAutoPipelining: true }) },
    { redis: { host: '127.0.0.1', keyPrefix: 'x' } },
    { hosts: ['127.0.0.1:1'], nonsense: true },
  ]
  for (const options of refused) {
    await using scene = new Scene(options as never)
    expect(await codeOf(scene.opener())).toBe('WAL_INVALID_ARGUMENT')
  }
})
