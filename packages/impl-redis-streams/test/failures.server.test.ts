import { FaultProxy, startRedis } from '@wal/brokers'
import { outcomeOf } from '@wal/walimpls'
import { CloseTree } from '@wal/walimpls/helper'
import { Redis } from 'ioredis'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, codeOf, readAll, Scene, scan, text, textsOf } from './scene.js'

const closing: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

async function throughProxy(options: { requestTimeoutMs?: number; pollMs?: number } = {}) {
  const redis = await startRedis({ appendfsync: 'always' })
  const proxy = await FaultProxy.start({ target: redis })
  const scene = Scene.on({ host: '127.0.0.1', port: proxy.port }, options)
  closing.push(redis, proxy, scene)
  return { redis, proxy, scene }
}

test('a reply that is cut off: unknown; the same batch again gets the ids it has', async () => {
  const { proxy, scene } = await throughProxy()
  const writer = await scene.writer()
  proxy.inject({ kind: 'cut-reply' })
  const batch = writer.batch('a', 'b')
  const error = await writer.wal.append(batch).catch((reason) => reason)
  expect(outcomeOf(error)).toBe('unknown')
  proxy.heal()
  const ids = await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 30_000 })
  await writer.append('c')
  expect(ids.map(({ ordinal }) => ordinal)).toEqual([1, 2])
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b', 'c'])
})

test('the first batch, its reply cut off, keeps the fence it took', async () => {
  const { proxy, scene } = await throughProxy()
  const wal = await (await scene.opener()).open(scene.channel, { term: 1, incarnation: 'one' })
  proxy.inject({ kind: 'cut-reply' })
  const opening = batchOf(0, [text('opening')])
  expect(outcomeOf(await wal.append(opening).catch((reason) => reason))).toBe('unknown')
  proxy.heal()
  await vi.waitUntil(() => wal.append(opening).catch(() => undefined), { timeout: 30_000 })
  expect(await readAll(wal)).toEqual(['opening'])
})

test('several in flight when the connection ends: none is stored behind one that is not', async () => {
  const { proxy, scene } = await throughProxy()
  const writer = await scene.writer()
  const batches = Array.from({ length: 4 }, (_, i) => writer.batch(`${i}`.padEnd(5000, '.')))
  proxy.inject({ kind: 'reset-after', bytes: 12_000, direction: 'to-server' })
  const outcomes = await Promise.allSettled(batches.map((batch) => writer.wal.append(batch)))
  expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
  proxy.heal()
  for (const batch of batches)
    await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 30_000 })
  expect((await readAll(writer.wal)).slice(1).map((each) => each[0])).toEqual(['0', '1', '2', '3'])
})

/**
 * Three batches at once, of which the client sends the first by `astray`, then all of them again, one by one. Answers what
 * became of them at first, and what the log held then.
 */
async function firstGoesAstray(astray: (send: () => Promise<unknown>) => Promise<never>) {
  const { redis, scene } = await throughProxy()
  const client = new Redis(redis.port, '127.0.0.1')
  try {
    const writer = await scene.writer(1, await scene.opener({ client }))
    const batches = [writer.batch('a'), writer.batch('b'), writer.batch('c')]
    const send = client.callBuffer
    client.callBuffer = (...args: unknown[]) => {
      client.callBuffer = send
      return astray(() => Reflect.apply(send, client, args))
    }
    const outcomes = await Promise.allSettled(batches.map((batch) => writer.wal.append(batch)))
    const stored = await readAll(writer.wal)
    for (const batch of batches) await writer.wal.append(batch)
    expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b', 'c'])
    return { outcomes, stored }
  } finally {
    client.disconnect()
  }
}

test('a batch that never reached the server keeps those behind it out, though they did', async () => {
  const { outcomes, stored } = await firstGoesAstray(async () => {
    throw new Error('it went astray')
  })
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(stored).toEqual(['opening of term 1'])
})

test('an answer that is lost takes those behind it along: what is told is a prefix', async () => {
  const { outcomes } = await firstGoesAstray(async (send) => {
    await send()
    throw new Error('the answer went astray')
  })
  expect(outcomes.map((each) => each.status === 'rejected' && outcomeOf(each.reason))).toEqual(
    Array(3).fill('unknown'),
  )
})

test('a client that leaves promises pending when its connection ends: appends settle all the same', async () => {
  const { proxy, scene } = await throughProxy()
  const client = new Redis(proxy.port, '127.0.0.1', {
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
  })
  // ioredis prints errors that nobody listens to.
  client.on('error', () => {})
  try {
    const writer = await scene.writer(1, await scene.opener({ client, requestTimeoutMs: 600_000 }))
    proxy.injectOnce({ kind: 'cut-reply' })
    expect(outcomeOf(await writer.append('a').catch((reason) => reason))).toBe('unknown')
  } finally {
    client.disconnect()
  }
})

test('a script that the server has forgotten is sent again', async () => {
  const { redis, scene } = await throughProxy()
  const writer = await scene.writer()
  await redis.command('SCRIPT', 'FLUSH')
  await Promise.all([writer.append('a'), writer.append('b'), writer.append('c')])
  await redis.command('SCRIPT', 'FLUSH')
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b', 'c'])
})

for (const kind of ['half-open', 'black-hole'] as const) {
  test(`${kind}: appends and reads settle by the deadline, and go on behind it`, async () => {
    const { proxy, scene } = await throughProxy({ requestTimeoutMs: 500 })
    const writer = await scene.writer()
    const reader = await scene.reader()
    if (kind === 'half-open') proxy.injectOnce({ kind })
    else proxy.inject({ kind })
    const batch = writer.batch('a')
    const error = await writer.wal.append(batch).catch((reason) => reason)
    expect([error.code, error.retryable, outcomeOf(error)]).toEqual(['WAL_UNAVAILABLE', true, 'unknown'])
    if (kind === 'black-hole') expect(await codeOf(reader.last())).toBe('WAL_UNAVAILABLE')
    proxy.heal()
    await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 30_000 })
    await vi.waitFor(async () => expect(await readAll(reader)).toEqual(['opening of term 1', 'a']), {
      timeout: 30_000,
    })
  })
}

test('a server that is frozen, then goes on: nothing twice, nothing lost', async () => {
  const { redis, scene } = await throughProxy({ requestTimeoutMs: 500 })
  const writer = await scene.writer()
  redis.freeze()
  const batch = writer.batch('a')
  expect(outcomeOf(await writer.wal.append(batch).catch((reason) => reason))).toBe('unknown')
  expect(await codeOf(writer.wal.append(batch))).toBe('WAL_UNAVAILABLE')
  redis.thaw()
  await vi.waitUntil(() => writer.wal.append(batch).catch(() => undefined), { timeout: 30_000 })
  await writer.append('b')
  expect(await readAll(writer.wal)).toEqual(['opening of term 1', 'a', 'b'])
})

test('a tailing reader gets what is stored while its wake-ups can not reach it', async () => {
  const { redis, proxy, scene } = await throughProxy({ pollMs: 100 })
  const direct = Scene.on(redis)
  closing.push(direct)
  const writer = await scene.writer()
  const scanner = scan(await scene.reader())
  expect(textsOf((await scanner.next()) ?? [])).toHaveLength(1)
  expect(await scanner.next()).toEqual([])
  const next = scanner.next()
  // Every open connection goes silent, also the one of the subscription.
  proxy.injectOnce({ kind: 'half-open' })
  const other = await (await direct.opener()).open(scene.channel, writer.wal.writer)
  await other.append(writer.batch('a'))
  proxy.heal()
  const outcome = await next.then(textsOfOrNone, (error) => error.code)
  expect(outcome === 'WAL_UNAVAILABLE' ? await readAll(other) : outcome).toContain('a')
})

const textsOfOrNone = (messages: Parameters<typeof textsOf>[0] | undefined) => textsOf(messages ?? [])

test('no server at all: build says where, in time', async () => {
  const { proxy, scene } = await throughProxy()
  await proxy.close()
  await expect(scene.opener()).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: true })
})

/** The scanners and logs that are opened from now on and are not closed yet. */
function keptInside(): ReadonlySet<unknown> {
  const kept = new Set<unknown>()
  const { add } = CloseTree.prototype
  const spy = vi.spyOn(CloseTree.prototype, 'add').mockImplementation(function (this: CloseTree, close) {
    const leave = add.call(this, close)
    kept.add(close)
    return () => {
      kept.delete(close)
      leave()
    }
  })
  onTestFinished(() => spy.mockRestore())
  return kept
}

test('an abort while a log is opened leaves nothing with the opener', async () => {
  const { redis, scene } = await throughProxy()
  await scene.writer()
  const opener = await scene.opener()
  const inside = keptInside()
  redis.freeze()
  const controller = new AbortController()
  const waits = { signal: controller.signal }
  const openings = [
    opener.openReadOnly(scene.channel, waits),
    opener.open(scene.channel, { term: 2, incarnation: 'two' }, waits),
  ]
  controller.abort(new Error('enough'))
  await Promise.allSettled(openings)
  redis.thaw()
  // The server answers this open behind the two that were given up.
  await (await opener.openReadOnly(scene.channel)).close()
  await vi.waitUntil(() => inside.size === 0, { timeout: 30_000 })
})

test('an abort while connecting releases the client', async () => {
  const { proxy, scene } = await throughProxy()
  proxy.inject({ kind: 'black-hole' })
  const { redisStreamsBuilder } = await import('../src/builder.js')
  const { readOptions } = await import('@wal/walimpls/helper')
  const { systemRuntime } = await import('@wal/walimpls')
  const controller = new AbortController()
  const options = readOptions<never>(
    redisStreamsBuilder.options,
    { hosts: [`127.0.0.1:${proxy.port}`] },
    'test',
  )
  const building = redisStreamsBuilder.build(options, systemRuntime, { signal: controller.signal })
  await vi.waitUntil(() => proxy.connections > 0)
  const reason = new Error('enough')
  controller.abort(reason)
  await expect(building).rejects.toBe(reason)
  proxy.heal()
  await vi.waitUntil(() => proxy.connections === 0, { timeout: 30_000 })
  expect(scene.channel).toBeTypeOf('string')
})
