import { crc32c } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { readEntry } from '../../src/wire/frames.js'
import { oneRecord, openProducer, outcomeOf, turns } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'

test.each([
  ['fencing' as const, { access: 3, topicEpoch: undefined }],
  ['free' as const, { access: 1, topicEpoch: undefined }],
  [{ epoch: 7 }, { access: 1, topicEpoch: 7 }],
])('a producer of access %o asks for that, under the name of all writers', async (access, fields) => {
  const broker = new ScriptedBroker()
  const { made } = await openProducer(broker.driver(), access)
  const [sent] = broker.sent('producer')
  expect(sent).toMatchObject({ topic: TOPIC, name: 'wal-writer', nameIsOurs: true, access: fields.access })
  expect(sent?.topicEpoch).toBe(fields.topicEpoch)
  expect([made.epoch, made.lastSequence]).toEqual([1, -1])
})

test('sends go out at once and in order, each in one piece with its check sum', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made } = await openProducer(driver)
  const behind: Buffer[] = []
  broker.script.send = (_, __, bytes) => behind.push(bytes)
  const socket = broker.socketOf('producer')
  const writes = socket.writes
  for (const sequence of [4, 5]) void made.send(driver.prepare(oneRecord('x'), 'wal-test'), sequence)
  expect(socket.writes - writes).toBe(2)
  await turns()
  expect(broker.sent('send')).toEqual([4, 5].map((sequence) => ({ producerId: 1, sequence, count: 1 })))
  for (const bytes of behind) {
    const { headersAndPayload, checkSum } = readEntry(bytes)
    expect(crc32c(headersAndPayload)).toBe(checkSum)
  }
})

test('a large entry is not copied once more', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made } = await openProducer(driver)
  const socket = broker.socketOf('producer')
  const writes = socket.writes
  const place = await made.send(driver.prepare(oneRecord('x'.repeat(50_000)), 'wal-test'), 0)
  expect(place).toEqual({ ledger: 1, entry: 0 })
  expect(socket.writes - writes).toBe(3)
})

test('a batch that the broker would not take is refused before it is sent', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await openProducer(driver)
  expect(() => driver.prepare(oneRecord('x'.repeat(100_000)), 'wal-test')).toThrow(
    expect.objectContaining({ code: 'WAL_MESSAGE_TOO_LARGE', outcome: 'not-written' }),
  )
})

test('a send error fails that send alone', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made, endings } = await openProducer(driver)
  broker.script.send = ({ producerId, sequence }, socket) => {
    const to = { producerId: Number(producerId), sequence: Number(sequence) }
    if (sequence === 1) socket.answer('sendError', { ...to, error: 9, message: 'check sum' })
    else socket.answer('sendReceipt', { ...to, place: { ledger: 3, entry: Number(sequence) } })
  }
  const entry = driver.prepare(oneRecord('x'), 'wal-test')
  const sends = [0, 1, 2].map((sequence) => outcomeOf(made.send(entry, sequence)))
  expect(await Promise.all(sends)).toEqual([{ ledger: 3, entry: 0 }, 'check sum', { ledger: 3, entry: 2 }])
  expect(endings).toEqual([])
})

test('a receipt without a place says that the broker had the entry', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made } = await openProducer(driver)
  broker.script.send = ({ producerId, sequence }, socket) => {
    const to = { producerId: Number(producerId), sequence: Number(sequence) }
    socket.answer('sendReceipt', { ...to, place: { ledger: -1, entry: -1 } })
  }
  expect(await made.send(driver.prepare(oneRecord('x'), 'wal-test'), 0)).toBeUndefined()
})

test('the first send without a receipt in time ends the connection, and with it all sends', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made, endings } = await openProducer(driver)
  let answered = 0
  broker.script.send = ({ producerId, sequence }, socket) => {
    if (answered++ > 0) return
    const to = { producerId: Number(producerId), sequence: Number(sequence) }
    socket.answer('sendReceipt', { ...to, place: { ledger: 1, entry: 0 } })
  }
  const entry = driver.prepare(oneRecord('x'), 'wal-test')
  const first = outcomeOf(made.send(entry, 0))
  await broker.runtime.advance(600)
  const others = [1, 2].map((sequence) => outcomeOf(made.send(entry, sequence)))
  await broker.runtime.advance(900)
  expect(endings).toEqual([])
  await broker.runtime.advance(101)
  expect(await first).toEqual({ ledger: 1, entry: 0 })
  expect(await Promise.all(others)).toEqual(Array(2).fill('no receipt for a sent entry within 1000 ms'))
  expect(endings).toHaveLength(1)
  expect(broker.socketOf('send').destroyed).toBe(true)
})

test('a producer that the broker closes ends once, fails its sends, and sends nothing more', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made, endings } = await openProducer(driver)
  broker.script.send = () => {}
  const entry = driver.prepare(oneRecord('x'), 'wal-test')
  const send = outcomeOf(made.send(entry, 0))
  await turns()
  const socket = broker.socketOf('producer')
  socket.answer('producerClosed', { producerId: 1 })
  socket.hangUp()
  expect(await send).toBe('the broker closed the producer')
  expect(endings.map(String)).toEqual(['CallFailure: the broker closed the producer'])
  expect(await outcomeOf(made.send(entry, 1))).toBe('the broker closed the producer')
  expect(broker.sent('send')).toHaveLength(1)
  await made.close()
})

test('a producer that is refused tells nothing but the refusal', async () => {
  const broker = new ScriptedBroker()
  broker.script.producer = ({ requestId }, socket) =>
    socket.answer('error', { requestId: Number(requestId), error: 25, message: 'fenced' })
  await expect(openProducer(broker.driver())).rejects.toMatchObject({ code: 'ProducerFenced' })
  expect(broker.sent('closeProducer')).toHaveLength(0)
})

test('a registration without an answer in time is taken back, so that the broker does not keep the producer', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  broker.script.producer = (_, socket) => {
    broker.runtime.setTimeout(() => socket.answer('pong', {}), 500)
  }
  const opened = outcomeOf(openProducer(driver))
  await turns()
  await broker.runtime.advance(1_001)
  expect(await opened).toBe('no answer within 1000 ms')
  expect(broker.sent('closeProducer')).toMatchObject([{ producerId: 1 }])
})

test('a producer that waits for others to leave is not registered yet', async () => {
  const broker = new ScriptedBroker()
  let answer = () => {}
  broker.script.producer = ({ requestId }, socket) => {
    const to = { requestId: Number(requestId), name: 'wal-writer' }
    socket.answer('producerSuccess', { ...to, ready: false })
    answer = () => socket.answer('producerSuccess', { ...to, ready: true, topicEpoch: 5 })
  }
  const opened = openProducer(broker.driver())
  await turns()
  answer()
  expect((await opened).made.epoch).toBe(5)
})

test('a producer that is closed before its registration is known to the caller is an error', async () => {
  const broker = new ScriptedBroker()
  broker.script.producer = ({ requestId, producerId }, socket) => {
    socket.answer('producerSuccess', { requestId: Number(requestId), name: 'wal-writer', topicEpoch: 1 })
    socket.answer('producerClosed', { producerId: Number(producerId) })
  }
  expect(await outcomeOf(openProducer(broker.driver()))).toBe('the broker closed the producer')
})

test('closing waits for the broker, fails sends in flight, and is not reported as an end', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { made, endings } = await openProducer(driver)
  broker.script.send = () => {}
  let closed = () => {}
  broker.script.closeProducer = ({ requestId }, socket) => {
    closed = () => socket.answer('success', { requestId: Number(requestId) })
  }
  const send = outcomeOf(made.send(driver.prepare(oneRecord('x'), 'wal-test'), 0))
  let done = false
  const closing = made.close().then(() => {
    done = true
  })
  await turns()
  expect(await send).toBe('the producer was closed')
  expect(done).toBe(false)
  closed()
  await closing
  expect(endings).toEqual([])
})
