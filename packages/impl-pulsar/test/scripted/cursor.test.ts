import { expect, test } from 'vitest'
import { outcomeOf } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'

test('the cursor is the durable subscription at the earliest entry, which several openers may hold', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver({ subscription: 'kept' })
  await driver.cursor(TOPIC, { make: true })
  await driver.cursor(TOPIC, { make: false })
  expect(broker.sent('subscribe')).toMatchObject(
    [true, false].map((makeTopic) => ({
      ...{ subscription: 'kept', durable: true, initialPosition: 1, kind: 2, makeTopic },
    })),
  )
  expect(broker.sent('flow')).toEqual([])
})

test.each([
  ['a topic that is new', 11, -1, false],
  ['a topic of which something is acknowledged', undefined, 4, true],
  ['a topic of which nothing is acknowledged', undefined, -1, undefined],
])('of %s it is told whether the cursor was there', async (_, error, entry, found) => {
  const broker = new ScriptedBroker()
  broker.script.partitionedMetadata = ({ requestId }, socket) =>
    socket.answer('partitionedMetadataResponse', {
      ...{ requestId: Number(requestId), outcome: error === undefined ? 0 : 1, error, message: '' },
    })
  broker.script.lastMessageId = ({ requestId }, socket) =>
    socket.answer('lastMessageIdResponse', {
      ...{ requestId: Number(requestId), last: { ledger: 1, entry: 7 }, markDeleted: { ledger: 1, entry } },
    })
  const cursor = await broker.driver().cursor(TOPIC, { make: true })
  expect(cursor.found).toBe(found)
  expect(await cursor.acknowledged()).toEqual({ ledger: 1, entry })
})

test('acknowledgements are cumulative, wait for their answer, and never go backwards', async () => {
  const broker = new ScriptedBroker()
  const cursor = await broker.driver().cursor(TOPIC, { make: true })
  await cursor.advance({ ledger: 2, entry: 5 })
  await cursor.advance({ ledger: 2, entry: 4 })
  await cursor.advance({ ledger: 1, entry: 9 })
  await cursor.advance({ ledger: 3, entry: 0 })
  expect(broker.sent('ack')).toMatchObject([
    { kind: 1, consumerId: 1, places: [{ ledger: 2, entry: 5 }] },
    { kind: 1, consumerId: 1, places: [{ ledger: 3, entry: 0 }] },
  ])
  broker.script.ack = ({ requestId, consumerId }, socket) =>
    socket.answer('ackResponse', {
      ...{ requestId: Number(requestId), consumerId: Number(consumerId), error: 2, message: 'no bookie' },
    })
  expect(await outcomeOf(cursor.advance({ ledger: 4, entry: 0 }))).toBe('no bookie')
  delete broker.script.ack
  await cursor.advance({ ledger: 4, entry: 0 })
  expect(broker.sent('ack')).toHaveLength(4)
})

test('a broker that answers no acknowledgements is asked something else behind them', async () => {
  const broker = new ScriptedBroker()
  broker.script.connect = (_, socket) =>
    socket.answer('connected', {
      ...{ serverVersion: 'an old one', protocolVersion: 16, features: { metadataWithoutCreation: true } },
    })
  broker.script.ack = () => {}
  const cursor = await broker.driver().cursor(TOPIC, { make: true })
  const asked = broker.sent('lastMessageId').length
  await cursor.advance({ ledger: 2, entry: 5 })
  expect(broker.sent('lastMessageId')).toHaveLength(asked + 1)
})

test.each([
  ['its connection was lost', (broker: ScriptedBroker) => broker.socketOf('subscribe').hangUp()],
  [
    'the broker closed it',
    (broker: ScriptedBroker) => broker.socketOf('subscribe').answer('consumerClosed', { consumerId: 1 }),
  ],
])('a cursor subscribes again after %s, once, and makes no topic then', async (_, lose) => {
  const broker = new ScriptedBroker()
  const cursor = await broker.driver().cursor(TOPIC, { make: true })
  lose(broker)
  await Promise.all([cursor.advance({ ledger: 2, entry: 5 }), cursor.acknowledged()])
  expect(broker.sent('subscribe').map(({ makeTopic }) => makeTopic)).toEqual([true, false])
})

test('a closed cursor closes its consumer, and is not subscribed again', async () => {
  const broker = new ScriptedBroker()
  const cursor = await broker.driver().cursor(TOPIC, { make: true })
  await cursor.close()
  await cursor.close()
  expect(broker.sent('closeConsumer')).toHaveLength(1)
  expect(await outcomeOf(cursor.acknowledged())).toBe('the cursor was closed')
})

test('a cursor of which the broker does not tell where it stands leaves no consumer', async () => {
  const broker = new ScriptedBroker()
  broker.script.lastMessageId = ({ requestId }, socket) =>
    socket.answer('error', { requestId: Number(requestId), error: 1, message: 'no metadata' })
  expect(await outcomeOf(broker.driver().cursor(TOPIC, { make: true }))).toBe('no metadata')
  expect(broker.sent('closeConsumer')).toMatchObject([{ consumerId: 1 }])
})
