import { CloseTree } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { firstEntry } from '../../src/read/first-entry.js'
import { LastRecord } from '../../src/read/last-record.js'
import { openScanner } from '../../src/read/scanner.js'
import { failure, NativeScene, records, TIMEOUT_MS, TOPIC, turns } from './scene.js'

test('a reader from an entry begins with that entry, the first one of a ledger included', async () => {
  for (const [entry, begin] of [
    [0, '10:0:0'],
    [1, '10:1:0'],
  ] as const) {
    const scene = new NativeScene()
    scene.store(2, 1)
    const reader = await scene.reader({ start: { ledger: 10, entry } })
    reader.permit(10)
    await turns()
    expect(scene.places[0]).toBe(begin)
    expect(scene.addon.crashes).toEqual([])
  }
})

test('a reader of the latest gets only what is stored later', async () => {
  const scene = new NativeScene()
  scene.store(2)
  const reader = await scene.reader({ start: 'latest' })
  reader.permit(10)
  await turns()
  expect(scene.places).toEqual([])
  scene.store(2)
  await turns(80)
  expect(scene.places).toEqual(['10:1:0', '10:1:1'])
})

test('messages come one by one as parts of their entries, without name and number', async () => {
  const scene = new NativeScene()
  scene.store(2, 1)
  const reader = await scene.reader()
  reader.permit(10)
  await turns()
  expect(scene.entries.map(({ place, count }) => [place.entry, count])).toEqual([
    [0, 1],
    [0, 1],
    [1, 1],
  ])
  expect(scene.entries[0]).toMatchObject({ producer: undefined, sequence: undefined })
  expect(scene.read).toEqual(['record 0', 'record 1', 'record 0'])
})

test('a reader gives out no more messages than are permitted, and makes the listener wait', async () => {
  const scene = new NativeScene()
  scene.store(5)
  const reader = await scene.reader()
  await turns()
  expect(scene.entries).toHaveLength(0)
  reader.permit(2)
  await turns()
  expect(scene.entries).toHaveLength(2)
  expect(scene.addon.readers[0]?.waiting).toBe(true)
  reader.permit(3)
  await turns()
  expect(scene.entries).toHaveLength(5)
})

test('the client asks for one message ahead', async () => {
  const scene = new NativeScene()
  await scene.reader()
  expect(scene.addon.readers[0]?.config.receiverQueueSize).toBe(1)
})

test.each([
  ['the oldest', 'earliest' as const, ['10:0:0', '10:0:1', '10:1:0']],
  ['an entry', { ledger: 10, entry: 0 }, ['10:0:0', '10:0:1', '10:1:0']],
])(
  'a reader from %s opens again when the client passed over the first message',
  async (_, start, expected) => {
    const scene = new NativeScene()
    scene.store(2, 1)
    scene.addon.passesOver = 1
    const reader = await scene.reader({ start })
    reader.permit(10)
    await turns(150)
    expect(scene.places).toEqual(expected)
    expect(scene.addon.readers.map(({ closed }) => closed)).toEqual([true, false])
  },
)

test('a reader of the latest opens again when the client passed over a whole entry', async () => {
  const scene = new NativeScene()
  scene.store(1)
  scene.addon.passesOver = 1
  const reader = await scene.reader({ start: 'latest' })
  reader.permit(10)
  scene.store(1, 1)
  await turns(150)
  expect(scene.places).toEqual(['10:1:0', '10:2:0'])
})

test('a reader that passes over the first message each time ends', async () => {
  const scene = new NativeScene()
  scene.store(1, 1)
  scene.addon.scripts.createReader = async () => {
    scene.addon.passesOver = 1
  }
  const reader = await scene.reader()
  reader.permit(10)
  await turns(600)
  expect(`${scene.ended}`).toContain('passed over')
  expect(scene.entries).toHaveLength(0)
})

test('a reader whose first entry was trimmed begins with the oldest that is kept', async () => {
  const scene = new NativeScene()
  scene.store(1)
  scene.topic.roll()
  scene.store(1)
  scene.topic.trim(13)
  const reader = await scene.reader({ start: { ledger: 10, entry: 0 } })
  reader.permit(10)
  await turns(100)
  expect(scene.places).toEqual(['13:0:0'])
})

test('a reader of a topic that does not exist fails before the client could make the topic', async () => {
  const scene = new NativeScene()
  scene.protocol.remove(TOPIC)
  expect(await failure(scene.reader())).toMatchObject({ code: 'TopicNotFound' })
  expect(scene.addon.clients).toHaveLength(0)
})

test('a reader whose connection was lost ends, and gives nothing more out', async () => {
  const scene = new NativeScene()
  const reader = await scene.reader()
  reader.permit(10)
  for (const native of scene.addon.readers) native.connected = false
  await scene.time.advance(30)
  scene.store(1)
  await turns()
  expect(`${scene.ended}`).toContain('lost its connection')
  expect(scene.entries).toHaveLength(0)
})

test('a message whose handling fails ends the reader, and neither throws nor rejects into the addon', async () => {
  for (const permits of [0, 10]) {
    const scene = new NativeScene()
    scene.store(2)
    const reader = await scene.reader({
      entry() {
        throw new Error('the reader of this broke')
      },
    })
    reader.permit(permits)
    await turns()
    reader.permit(1)
    await turns()
    expect(`${scene.ended}`).toContain('broke')
    expect(scene.addon.crashes).toEqual([])
  }
})

test('close lets a listener go on that waits, since the client waits for it', async () => {
  const scene = new NativeScene()
  scene.store(1)
  const reader = await scene.reader()
  await turns()
  expect(scene.addon.readers[0]?.waiting).toBe(true)
  await reader.close()
  expect(scene.addon.readers[0]?.waiting).toBe(false)
  expect(scene.addon.clients[0]?.closed).toBe(true)
  expect(scene.protocol.open).toHaveLength(0)
  expect(scene.entries).toHaveLength(0)
})

test('close ends in time though the client’s close hangs', async () => {
  const scene = new NativeScene()
  const reader = await scene.reader()
  scene.addon.scripts.closeClient = () => new Promise(() => {})
  await scene.time.run(reader.close(), { withinMs: 2 * TIMEOUT_MS })
})

test('every native reader has a client of its own, and the ninth reads by the other driver', async () => {
  const scene = new NativeScene()
  const readers = []
  for (let i = 0; i < 9; i++) readers.push(await scene.reader())
  expect(scene.addon.clients).toHaveLength(8)
  await readers[0]?.close()
  await scene.reader()
  expect(scene.addon.clients).toHaveLength(9)
})

test('the last entry is asked of the broker by the other driver', async () => {
  const scene = new NativeScene()
  const reader = await scene.reader()
  expect(await reader.last()).toBeUndefined()
  scene.store(1, 1)
  expect(await reader.last()).toEqual({ ledger: 10, entry: 1, index: 0 })
})

test('properties come back in their order, as they were', async () => {
  const scene = new NativeScene()
  const properties = ['b', '1', '__proto__', '2', 'a', 'x\0y', 'length', 'long', '7', '']
  const producer = await scene.producer()
  await producer.send(scene.prepared(1, properties), 0)
  await producer.send(scene.prepared(1, ['b', '1', 'a', '2']), 1)
  const reader = await scene.reader()
  reader.permit(10)
  await turns()
  const read = scene.entries.flatMap((entry) => entry.records().map((record) => record.properties))
  expect(read).toEqual([properties, ['b', '1', 'a', '2']])
})

test('properties that the client can’t give out are an error that names the place and the other driver', async () => {
  const scene = new NativeScene()
  scene.topic.store({ messages: records(1, ['length', 'long']) })
  const reader = await scene.reader()
  reader.permit(1)
  await turns()
  expect(() => scene.entries[0]?.records()).toThrow(/10:0: .*driver=protocol/)
})

test('a log’s last record is the last one of its last entry, and every record of an entry is found', async () => {
  const scene = new NativeScene()
  scene.store(1, 3)
  const read = { driver: scene.driver, topic: TOPIC, runtime: scene.runtime, requestTimeoutMs: TIMEOUT_MS }
  const last = new LastRecord(read)
  expect((await last.read())?.id).toMatchObject({ ledger: 10, entry: 1, index: 2 })
  await last.close()
  expect((await firstEntry(read, { ledger: 10, entry: 1 }))?.records()).toHaveLength(3)
})

test('a scanner is not told to be at the end while a part of the last entry is to come', async () => {
  const scene = new NativeScene()
  scene.store(1, 3)
  scene.addon.scripts.message = () => turns(20)
  const scanner = openScanner({
    ...{ driver: scene.driver, topic: TOPIC, runtime: scene.runtime, requestTimeoutMs: TIMEOUT_MS },
    options: { start: 'oldest', maxBytes: 1 << 20 },
    log: new CloseTree(),
  })
  const read: string[] = []
  for (let batch = await scanner.next(); batch?.length; batch = await scanner.next())
    read.push(...batch.map(({ id: { entry, index } }) => `${entry}:${index}`))
  expect(read).toEqual(['0:0', '1:0', '1:1', '1:2'])
  await scanner.close()
})

test('a reader ends when the connection on which the last entry is asked for is lost', async () => {
  const scene = new NativeScene()
  const reader = await scene.reader()
  scene.protocol.link.cut()
  await turns()
  expect(scene.ended).toHaveLength(1)
  await reader.close()
  expect(scene.ended).toHaveLength(1)
})
