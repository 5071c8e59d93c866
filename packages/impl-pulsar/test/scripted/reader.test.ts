import { expect, test } from 'vitest'
import type { ReceivedEntry } from '../../src/driver/pulsar-driver.js'
import { openReader, outcomeOf, storedEntry, turns } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'

test('a reader subscribes without making anything, under a name of its own', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await openReader(driver)
  await openReader(driver)
  const [one, other] = broker.sent('subscribe')
  expect(one).toMatchObject({ topic: TOPIC, durable: false, makeTopic: false, readCompacted: false, kind: 0 })
  expect(one?.subscription).toMatch(/^wal-reader-[0-9a-f]{16}$/)
  expect(other?.subscription).not.toBe(one?.subscription)
  expect(broker.sent('flow')).toEqual([])
})

test('a reader begins with the entry asked for', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await openReader(driver, { start: { ledger: 4, entry: 9 } })
  await openReader(driver, { start: 'earliest' })
  expect(broker.sent('subscribe').map(({ start }) => start)).toEqual([
    { ledger: 4, entry: 9, batchIndex: 0 },
    { ledger: -1, entry: -1 },
  ])
})

test('entries are given with their places, and nothing after the close', async () => {
  const broker = new ScriptedBroker()
  const entries: ReceivedEntry[] = []
  const { made } = await openReader(broker.driver(), { entry: (entry) => entries.push(entry) })
  made.permit(3)
  made.permit(0)
  expect(broker.sent('flow')).toEqual([{ consumerId: 1, permits: 3 }])
  const socket = broker.socketOf('subscribe')
  socket.answer('message', { consumerId: 1, place: { ledger: 2, entry: 5 } }, storedEntry('hello', 8))
  const metadata = Buffer.from([0x0e, 0x02, 0, 0, 0, 2, 0x08, 0x01])
  const behind = Buffer.concat([metadata, storedEntry('again', 9)])
  socket.answer('message', { consumerId: 1, place: { ledger: 2, entry: 6 } }, behind)
  expect(entries.map(({ place, sequence, producer }) => ({ ...place, sequence, producer }))).toEqual([
    { ledger: 2, entry: 5, sequence: 8, producer: 'wal-test' },
    { ledger: 2, entry: 6, sequence: 9, producer: 'wal-test' },
  ])
  expect(entries[1]?.records().map(({ payload }) => Buffer.from(payload).toString())).toEqual(['again'])
  await made.close()
  expect(broker.sent('closeConsumer')).toMatchObject([{ consumerId: 1 }])
  socket.answer('message', { consumerId: 1, place: { ledger: 2, entry: 7 } }, storedEntry('late'))
  expect(entries).toHaveLength(2)
  made.permit(1)
  expect(broker.sent('flow')).toHaveLength(1)
})

test('a damaged entry ends the reader; damaged again, it is told in the place of its records', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const damaged = storedEntry('hello')
  damaged.writeUInt8(0xff, damaged.length - 1)
  const place = { ledger: 2, entry: 5 }
  const entries: ReceivedEntry[] = []
  const entry = (one: ReceivedEntry) => entries.push(one)
  const first = await openReader(driver, { entry })
  broker.socketOf('subscribe').answer('message', { consumerId: 1, place }, damaged)
  expect(String(first.endings[0])).toMatch(/entry 2:5 was damaged/)
  expect(broker.sent('closeConsumer')).toHaveLength(1)
  expect(entries).toEqual([])
  const second = await openReader(driver, { entry })
  broker.socketOf('subscribe').answer('message', { consumerId: 2, place }, damaged)
  expect(second.endings).toEqual([])
  expect(() => entries[0]?.records()).toThrow(
    expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringContaining('2:5') }),
  )
})

test('an error of the receiver ends its reader, and no other', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const failing = await openReader(driver, {
    entry() {
      throw new Error('no room')
    },
  })
  const other = await openReader(driver)
  const socket = broker.socketOf('subscribe')
  socket.answer('message', { consumerId: 1, place: { ledger: 2, entry: 5 } }, storedEntry('hello'))
  expect(failing.endings.map(String)).toEqual(['Error: no room'])
  expect(other.endings).toEqual([])
  expect(socket.destroyed).toBe(false)
})

test('the last entry is asked of the broker each time', async () => {
  const broker = new ScriptedBroker()
  const { made } = await openReader(broker.driver())
  expect(await made.last()).toEqual({ ledger: 1, entry: 7 })
  broker.script.lastMessageId = ({ requestId }, socket) =>
    socket.answer('lastMessageIdResponse', {
      ...{ requestId: Number(requestId), last: { ledger: 1, entry: 8, batchIndex: 4 } },
    })
  expect(await made.last()).toEqual({ ledger: 1, entry: 8, index: 4 })
  // The broker names the last ledger of a topic that keeps no entry, or none.
  for (const ledger of [9, -1]) {
    broker.script.lastMessageId = ({ requestId }, socket) =>
      socket.answer('lastMessageIdResponse', { requestId: Number(requestId), last: { ledger, entry: -1 } })
    expect(await made.last()).toBeUndefined()
  }
  await expect(made.last({ signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
})

test('a reader whose connection is lost ends, and is not subscribed again', async () => {
  const broker = new ScriptedBroker()
  const { made, endings } = await openReader(broker.driver())
  broker.socketOf('subscribe').hangUp()
  expect(endings).toHaveLength(1)
  await expect(made.last()).rejects.toBe(endings[0])
  await turns()
  expect(broker.sent('subscribe')).toHaveLength(1)
  await made.close()
})

test('a subscription without an answer in time is taken back', async () => {
  const broker = new ScriptedBroker()
  broker.script.subscribe = (_, socket) => {
    broker.runtime.setTimeout(() => socket.answer('pong', {}), 500)
  }
  const opened = outcomeOf(openReader(broker.driver()))
  await turns()
  await broker.runtime.advance(1_001)
  expect(await opened).toBe('no answer within 1000 ms')
  expect(broker.sent('closeConsumer')).toMatchObject([{ consumerId: 1 }])
})

test('a subscription whose answer came when the time was just over is taken back', async () => {
  const broker = new ScriptedBroker()
  const deadlines: (() => void)[] = []
  const runtime = Object.create(broker.runtime, {
    setTimeout: {
      value: (run: () => void, ms: number) => {
        if (ms === 1_000) deadlines.push(run)
        return broker.runtime.setTimeout(run, ms)
      },
    },
  })
  broker.script.subscribe = ({ requestId }, socket) => {
    broker.runtime.setTimeout(() => {
      socket.answer('success', { requestId: Number(requestId) })
      // The first one is that of the call that opens the reader.
      deadlines[0]?.()
    }, 5)
  }
  const opened = outcomeOf(openReader(broker.driver({}, runtime)))
  await turns()
  await broker.runtime.advance(10)
  expect(await opened).toBe('no answer within 1000 ms')
  expect(broker.sent('closeConsumer')).toMatchObject([{ consumerId: 1 }])
})

test('a reader that the broker closed before the answer was known is an error', async () => {
  const broker = new ScriptedBroker()
  broker.script.subscribe = ({ requestId, consumerId }, socket) => {
    socket.answer('success', { requestId: Number(requestId) })
    socket.answer('consumerClosed', { consumerId: Number(consumerId) })
  }
  expect(await outcomeOf(openReader(broker.driver()))).toBe('the broker closed the reader')
})
