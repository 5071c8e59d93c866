import { sharedServer } from '@wal/brokers'
import { expect, test } from 'vitest'
import { DriverScene, hostOf, TestProducer, TestReader } from './driver-scene.js'

async function scene(): Promise<DriverScene> {
  return new DriverScene({ hosts: [hostOf(await sharedServer('pulsar'))] })
}

test('a topic exists once its cursor was made, and no question about a topic makes it', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.driver()
  expect(await driver.exists(topic)).toBe(false)
  await expect(driver.cursor(topic, { make: false })).rejects.toMatchObject({ code: 'TopicNotFound' })
  await expect(TestReader.open(driver, topic, 'earliest')).rejects.toMatchObject({ code: 'TopicNotFound' })
  expect(await driver.exists(topic)).toBe(false)
  expect(await driver.list('public/default')).not.toContain(topic)

  const cursor = await driver.cursor(topic, { make: true })
  expect(cursor.found).toBe(false)
  expect(await driver.exists(topic)).toBe(true)
  expect(await driver.list('public/default')).toContain(topic)
})

test('what is sent is read from the start, and from each entry inclusively', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.made()
  const producer = await TestProducer.open(driver, topic)
  const places = [await producer.send('a', 'b'), await producer.send('c'), await producer.send('d', 'e')]

  const all = await TestReader.open(driver, topic, 'earliest')
  all.reader.permit(100)
  expect(await all.payloads(3)).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(all.entries.map(({ place: at }) => at)).toEqual(places)
  expect(all.entries.map(({ count }) => count)).toEqual([2, 1, 2])
  expect(all.entries.map(({ sequence }) => sequence)).toEqual([0, 1, 2])
  expect(await all.reader.last()).toEqual({ ...places[2], index: 1 })

  const some = await TestReader.open(driver, topic, places[1] as never)
  some.reader.permit(100)
  expect(await some.payloads(2)).toEqual(['c', 'd', 'e'])

  const late = await TestReader.open(driver, topic, 'latest')
  late.reader.permit(100)
  await producer.send('f')
  expect(await late.payloads(1)).toEqual(['f'])
})

test('a reader gets no more entries than it permits', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.made()
  const producer = await TestProducer.open(driver, topic)
  for (const payload of ['a', 'b', 'c']) await producer.send(payload)
  const reader = await TestReader.open(driver, topic, 'earliest')
  expect(await reader.reader.last()).toEqual({ ledger: expect.any(Number), entry: 2, index: 0 })
  expect(reader.entries).toHaveLength(0)
  reader.reader.permit(1)
  expect(await reader.payloads(1)).toEqual(['a'])
  // The answer to this request comes behind everything that the broker had permission to send.
  await reader.reader.last()
  expect(reader.entries).toHaveLength(1)
  reader.reader.permit(2)
  expect(await reader.payloads(3)).toEqual(['a', 'b', 'c'])
})

test('an empty topic has no last entry', async () => {
  await using place = await scene()
  const driver = await place.made()
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  expect(await reader.reader.last()).toBeUndefined()
})

test('the cursor tells what is acknowledged, is found again, and never goes backwards', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.driver()
  const cursor = await driver.cursor(topic, { make: true })
  expect(await cursor.acknowledged()).toMatchObject({ entry: -1 })
  const producer = await TestProducer.open(driver, topic)
  const places = [await producer.send('a'), await producer.send('b'), await producer.send('c')] as const
  await cursor.advance(places[1])
  expect(await cursor.acknowledged()).toEqual(places[1])
  await cursor.advance(places[0])
  expect(await cursor.acknowledged()).toEqual(places[1])

  const other = await place.driver()
  const found = await other.cursor(topic, { make: true })
  expect(found.found).toBe(true)
  await found.advance(places[0])
  expect(await found.acknowledged()).toEqual(places[1])
  await found.advance(places[2])
  expect(await cursor.acknowledged()).toEqual(places[2])
})

test('of a topic without truncation it is not known whether the cursor is new', async () => {
  await using place = await scene()
  const driver = await place.made()
  const cursor = await driver.cursor(place.topic, { make: true })
  expect(cursor.found).toBeUndefined()
})

test('a closed reader leaves no subscription, and a closed producer leaves the topic free', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.made()
  const producer = await TestProducer.open(driver, topic, 'free')
  await expect(TestProducer.open(driver, topic, 'free')).rejects.toMatchObject({ name: 'PulsarError' })
  await producer.close()
  const next = await TestProducer.open(driver, topic, 'free')
  expect(next.epoch).toBeGreaterThan(producer.epoch)
  expect([...producer.endings, ...next.endings]).toEqual([])
})

test('a driver makes three connections to a broker, whatever is opened', async () => {
  await using place = await scene()
  const { topic } = place
  const driver = await place.made()
  await TestProducer.open(driver, topic)
  await Promise.all(Array.from({ length: 20 }, () => TestReader.open(driver, topic, 'earliest')))
  expect(driver.connections).toBe(3)
})
