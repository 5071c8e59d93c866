import { outcomeOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { failure, NAME, NativeScene, TIMEOUT_MS, turns } from './scene.js'

const never = () => new Promise<void>(() => {})

test('a batch is one entry, sent by a flush of its own', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  const sends = [producer.send(scene.prepared(3), 7), producer.send(scene.prepared(2), 8)]
  expect(await Promise.all(sends)).toEqual([
    { ledger: 10, entry: 0 },
    { ledger: 10, entry: 1 },
  ])
  expect(scene.native.batches.map((batch) => batch.map(({ sequenceId }) => sequenceId))).toEqual([
    [7, 7, 7],
    [8, 8],
  ])
})

test('the client’s own limits and its timer do not divide a batch of 5,000 records', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  await producer.send(scene.prepared(5_000), 0)
  expect(scene.topic.entries).toHaveLength(1)
  expect(scene.native.config.batchingMaxPublishDelayMs).toBeGreaterThan(60_000)
  expect(scene.native.config.batchingMaxAllowedSizeInBytes).toBeGreaterThan(100_000_000)
})

test('a batch that the client stored in two entries is not acknowledged', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  const { native } = scene
  native.config.batchingMaxMessages = 2
  expect((await failure(producer.send(scene.prepared(3), 0))).message).toContain('more than one entry')
  expect(scene.ended).toHaveLength(1)
})

test('an entry has the writer’s name as its key, and the broker knows every writer by one name', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  await producer.send(scene.prepared(2), 5)
  expect(scene.native.batches[0]?.map(({ partitionKey }) => partitionKey)).toEqual([NAME, undefined])
  expect(scene.addon.producers.map(({ config }) => config.producerName)).toEqual(['wal-writer', 'wal-writer'])
})

test('numbers begin above those of a writer that began a second earlier', async () => {
  const scene = new NativeScene()
  const first = await scene.producer()
  await scene.time.advance(1_000)
  const second = await scene.producer()
  expect(second.lastSequence - first.lastSequence).toBeGreaterThan(100_000)
  expect(Number.isSafeInteger(second.lastSequence)).toBe(true)
})

test('the fence is taken by a producer that leaves, and the one that stays does not fence', async () => {
  const scene = new NativeScene()
  await scene.producer()
  expect(scene.addon.producers.map(({ config, closed }) => [config.accessMode, closed])).toEqual([
    ['ExclusiveWithFencing', true],
    ['Exclusive', false],
  ])
})

test('a producer that asks for a free topic fences nobody', async () => {
  const scene = new NativeScene()
  await scene.producer()
  const { native } = scene
  expect(await failure(scene.producer({ access: 'free' }))).toMatchObject({ code: 'ProducerFenced' })
  expect(native.isConnected()).toBe(true)
})

test('a lost producer never comes back: the client can set no topic epoch', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  expect(producer.epoch).toBeUndefined()
  await producer.close()
  // Nobody else has the topic: the broker would let in a producer without an epoch.
  expect(await failure(scene.producer({ access: { epoch: 4 } }))).toMatchObject({ code: 'ProducerFenced' })
  expect(scene.addon.producers).toHaveLength(2)
})

test('every producer has a client of its own', async () => {
  const scene = new NativeScene()
  await scene.producer()
  await scene.producer()
  expect(scene.addon.clients).toHaveLength(2)
})

test('a connection that was lost and is back is a lost fence: nothing more is acknowledged or sent', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  let answer = () => {}
  scene.addon.scripts.flush = () =>
    new Promise<void>((resolve) => {
      answer = resolve
    })
  const sent = failure(producer.send(scene.prepared(), 0))
  const { native } = scene
  await scene.time.advance(110)
  native.connected = false
  await scene.time.advance(30)
  native.connected = true
  answer()
  expect((await sent).message).toContain('lost its connection')
  expect((await failure(producer.send(scene.prepared(), 1))).message).toContain('lost its connection')
  expect(scene.ended).toHaveLength(1)
  expect(native.batches).toHaveLength(1)
})

test('an answer that finds the connection lost is not believed', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  scene.addon.scripts.flush = async () => {
    scene.native.connected = false
  }
  expect((await failure(producer.send(scene.prepared(), 0))).message).toContain('lost its connection')
})

test('a send without an answer fails in time, ends the producer, and its late answer counts for nothing', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  scene.addon.scripts.flush = never
  const sends = [failure(producer.send(scene.prepared(), 0)), failure(producer.send(scene.prepared(), 1))]
  await scene.time.advance(TIMEOUT_MS)
  for (const error of await Promise.all(sends)) expect(error.name).toBe('CallFailure')
  expect(scene.ended).toHaveLength(1)
  scene.addon.scripts.flush = () => undefined
  await failure(producer.send(scene.prepared(), 2))
  expect(scene.topic.entries).toHaveLength(0)
})

test('a fenced producer’s sends fail with the name of the broker’s error', async () => {
  const scene = new NativeScene()
  const first = await scene.producer()
  await scene.producer()
  expect(await failure(first.send(scene.prepared(), 0))).toMatchObject({
    name: 'PulsarError',
    code: 'ProducerFenced',
  })
})

test('an entry that the broker took for a copy has no place', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  scene.native.answers = scene.addon.module.MessageId.earliest() as never
  expect(await producer.send(scene.prepared(2), 0)).toBeUndefined()
})

test('a batch that is larger than the broker takes is refused before it is sent', async () => {
  const scene = new NativeScene()
  const prepare = () => scene.prepared(1, ['a', 'x'.repeat(6 * 1024 * 1024)])
  expect(prepare).toThrow(expect.objectContaining({ code: 'WAL_MESSAGE_TOO_LARGE' }))
  expect(
    outcomeOf(
      (() => {
        try {
          return prepare()
        } catch (error) {
          return error
        }
      })(),
    ),
  ).toBe('not-written')
})

test('close fails what is in flight, closes the client, and tells no end', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  scene.addon.scripts.flush = never
  const sent = failure(producer.send(scene.prepared(), 0))
  await producer.close()
  expect((await sent).name).toBe('CallFailure')
  expect(scene.addon.clients[0]?.closed).toBe(true)
  expect(scene.ended).toHaveLength(0)
})

test('close ends in time though the client’s close hangs', async () => {
  const scene = new NativeScene()
  const producer = await scene.producer()
  scene.addon.scripts.closeClient = never
  scene.addon.scripts.closeProducer = never
  await scene.time.run(producer.close(), { withinMs: 2 * TIMEOUT_MS })
})

test('a registration without an answer fails in time, and closes its client', async () => {
  const scene = new NativeScene()
  scene.addon.scripts.createProducer = never
  const registered = failure(scene.producer())
  await turns()
  await scene.time.advance(TIMEOUT_MS)
  expect((await registered).name).toBe('CallFailure')
  await turns()
  expect(scene.addon.clients[0]?.closed).toBe(true)
})
