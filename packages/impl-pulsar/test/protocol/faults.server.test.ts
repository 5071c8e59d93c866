import { type ProxiedPulsarServer, startPulsar } from '@wal/brokers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { PulsarOptions } from '../../src/driver/options.js'
import { DriverScene, hostOf, TestProducer, TestReader } from './driver-scene.js'

const patience = { timeout: 60_000, interval: 50 }

// All tests of this file share one broker behind a proxy that lookups name.
let server: ProxiedPulsarServer

beforeAll(async () => {
  server = await startPulsar({ proxy: { seed: 5 } })
})

afterAll(async () => {
  await server?.stop()
})

function scene(options: Partial<PulsarOptions> = {}): DriverScene {
  return new DriverScene({ hosts: [hostOf(server.url)], requestTimeoutMs: 10_000, ...options })
}

test('an unload ends producers and readers, which can be opened again at once', async () => {
  await using place = scene({ requestTimeoutMs: 30_000 })
  const { topic } = place
  const driver = await place.made()
  const cursor = await driver.cursor(topic, { make: false })
  const producer = await TestProducer.open(driver, topic)
  const reader = await TestReader.open(driver, topic, 'earliest')
  const before = await producer.send('before')
  await server.admin.unload(topic)
  await vi.waitFor(() => expect([producer.endings.length, reader.endings.length]).toEqual([1, 1]), patience)
  const back = await TestProducer.open(driver, topic, { epoch: producer.epoch })
  expect(back.epoch).toBe(producer.epoch)
  await back.send('after')
  const again = await TestReader.open(driver, topic, 'earliest')
  again.reader.permit(10)
  expect(await again.payloads(2)).toEqual(['before', 'after'])
  await cursor.advance(before)
  expect(await cursor.acknowledged()).toEqual(before)
})

test('a half-open connection is noticed by the readers that wait on it', async () => {
  await using place = scene({ keepAliveMs: 1_000, requestTimeoutMs: 5_000 })
  const driver = await place.made()
  const reader = await TestReader.open(driver, place.topic, 'latest')
  server.proxy.inject({ kind: 'half-open' })
  try {
    await vi.waitFor(() => expect(reader.endings).toHaveLength(1), patience)
    expect(String(reader.endings[0])).toMatch(/no sign of life/)
  } finally {
    server.proxy.heal()
  }
  const next = await TestReader.open(driver, place.topic, 'latest')
  expect(await next.reader.last()).toBeUndefined()
})

test('a send without a receipt ends its connection in time', async () => {
  await using place = scene({ requestTimeoutMs: 5_000 })
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  server.proxy.inject({ kind: 'black-hole' })
  try {
    await expect(producer.send('lost')).rejects.toThrow('no receipt for a sent entry within 5000 ms')
    expect(producer.endings).toHaveLength(1)
  } finally {
    server.proxy.heal()
  }
})

test('closing a driver takes no time while the broker is frozen', async () => {
  await using place = scene({ requestTimeoutMs: 60_000 })
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  server.freeze()
  try {
    const settled = Promise.allSettled([producer.send('x'), reader.reader.last(), driver.exists(place.topic)])
    const began = performance.now()
    await driver.close()
    expect((await settled).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    expect(performance.now() - began).toBeLessThan(2_000)
  } finally {
    server.thaw()
  }
})

test('an entry that is damaged on the way ends the reader, and the next one reads it whole', async () => {
  await using place = scene()
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  await producer.send('x'.repeat(20_000))
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  server.proxy.injectOnce({ kind: 'flipped-byte', bytes: 5_000, direction: 'to-client' })
  reader.reader.permit(10)
  await vi.waitFor(() => expect(reader.endings).toHaveLength(1), patience)
  expect(String(reader.endings[0])).toMatch(/damaged/)
  server.proxy.heal()
  const next = await TestReader.open(driver, place.topic, 'earliest')
  next.reader.permit(10)
  expect(await next.payloads(1)).toEqual(['x'.repeat(20_000)])
})

test('a send that is damaged on the way is refused alone', async () => {
  await using place = scene()
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  await producer.send('a')
  server.proxy.injectOnce({ kind: 'flipped-byte', bytes: 5_000, direction: 'to-server' })
  const outcomes = await Promise.allSettled(
    ['b', 'c', 'd'].map((letter) => producer.send(letter.repeat(10_000))),
  )
  expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'ChecksumError' } })
  expect(outcomes.slice(1).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  expect(producer.endings).toEqual([])
})

test('a partitioned topic is refused by name, and is in no list', async () => {
  await using place = scene()
  const driver = await place.driver()
  const name = place.topic.replace('persistent://', '')
  await server.admin.request('PUT', `persistent/${name}/partitions`, 3)
  const refused = { code: 'WAL_INVALID_ARGUMENT', message: expect.stringContaining('3 partitions') }
  await expect(driver.exists(place.topic)).rejects.toMatchObject(refused)
  await expect(driver.cursor(place.topic, { make: true })).rejects.toMatchObject(refused)
  const listed = await driver.list('public/default')
  expect(listed.filter((topic) => topic.startsWith(place.topic))).toEqual([])
})

test('readers leave no subscription on the topic, closed or not', async () => {
  await using place = scene()
  const driver = await place.made()
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  await reader.reader.close()
  const other = await place.driver()
  await TestReader.open(other, place.topic, 'earliest')
  await other.close()
  await vi.waitFor(
    async () => expect(await server.admin.subscriptions(place.topic)).toEqual(['wal-kept']),
    patience,
  )
})

test('a broker that is killed ends everything, and is found again after its restart', {
  timeout: 300_000,
}, async () => {
  await using place = scene()
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  await producer.send('before')
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  await server.kill()
  await vi.waitFor(() => expect([producer.endings.length, reader.endings.length]).toEqual([1, 1]), patience)
  await expect(driver.exists(place.topic)).rejects.toMatchObject({ name: 'CallFailure' })
  await server.restart()
  const back = await vi.waitFor(
    () => TestProducer.open(driver, place.topic, { epoch: producer.epoch }),
    patience,
  )
  await back.send('after')
})
