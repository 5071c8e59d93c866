import { expect, test } from 'vitest'
import { openProducer, openReader, outcomeOf, turns } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'
import { framed } from './scripted-socket.js'

test('a client logs in with its token, and says which protocol it speaks', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver({ token: 'secret' })
  await driver.connect()
  expect(broker.sent('connect')).toEqual([
    expect.objectContaining({ authMethod: 'token', protocolVersion: 19, features: expect.anything() }),
  ])
  expect(Buffer.from(broker.sent('connect')[0]?.authData ?? []).toString()).toBe('secret')
  expect(driver.maxMessageBytes).toBe(100_000)
})

test('a refused login is the error of the broker', async () => {
  const broker = new ScriptedBroker()
  broker.script.connect = (_, socket) =>
    socket.answer('error', { requestId: -1, error: 3, message: 'who are you' })
  await expect(broker.driver().connect()).rejects.toMatchObject({
    name: 'PulsarError',
    code: 'AuthenticationError',
    message: 'who are you',
  })
  expect(broker.open).toHaveLength(0)
})

test('a broker that wants the token renewed gets the one of that moment', async () => {
  const broker = new ScriptedBroker()
  let token = 0
  await broker.driver({ tokenSupplier: async () => `token ${++token}` }).connect()
  broker.sockets[0]?.answer('authChallenge', { challenge: { method: 'token' } })
  await turns()
  const [renewed] = broker.sent('authResponse')
  expect(Buffer.from(renewed?.response.data ?? []).toString()).toBe('token 2')
})

test('a client without a new token ends the connection, and says why', async () => {
  const broker = new ScriptedBroker()
  let calls = 0
  const tokenSupplier = () => {
    if (calls++ > 1) throw new Error('the vault is sealed')
    return 'token'
  }
  const { endings } = await openReader(broker.driver({ tokenSupplier }))
  broker.socketOf('subscribe').answer('authChallenge', {})
  await turns()
  expect(String(endings[0])).toMatch(/the vault is sealed/)
})

test('a ping of the broker is answered', async () => {
  const broker = new ScriptedBroker()
  await broker.driver().connect()
  broker.sockets[0]?.answer('ping', {})
  expect(broker.sent('pong')).toHaveLength(1)
})

test('a silent connection is asked for a sign of life, and goes on when one comes', async () => {
  const broker = new ScriptedBroker()
  await broker.driver({ keepAliveMs: 5_000 }).connect()
  await broker.runtime.advance(4_999)
  expect(broker.sent('ping')).toHaveLength(0)
  await broker.runtime.advance(2)
  expect(broker.sent('ping')).toHaveLength(1)
  await broker.runtime.advance(10_000)
  expect(broker.sent('ping').length).toBeGreaterThan(1)
  expect(broker.open).toHaveLength(1)
})

test('a connection without a sign of life ends its producers and readers', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver({ keepAliveMs: 5_000, requestTimeoutMs: 1_000 })
  const producer = await openProducer(driver)
  const reader = await openReader(driver)
  broker.script.ping = () => {}
  await broker.runtime.advance(6_100)
  expect([...producer.endings, ...reader.endings].map(String)).toEqual(
    Array(2).fill(expect.stringContaining('no sign of life')),
  )
  expect(broker.open).toHaveLength(0)
})

test('a request without an answer fails in time, and ends a connection on which nothing came since', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  broker.script.partitionedMetadata = () => {}
  const asked = outcomeOf(driver.exists(TOPIC))
  await broker.runtime.advance(1_001)
  expect(await asked).toBe('no answer within 1000 ms')
  expect(broker.open).toHaveLength(0)
})

test('a request without an answer leaves a connection alone on which other things came', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  broker.script.partitionedMetadata = () => {}
  const asked = outcomeOf(driver.exists(TOPIC))
  await broker.runtime.advance(500)
  broker.sockets[0]?.answer('pong', {})
  await broker.runtime.advance(501)
  expect(await asked).toBe('no answer within 1000 ms')
  expect(broker.open).toHaveLength(1)
})

test('answers come in any order, also several in one piece and one in many', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  const waiting: number[] = []
  broker.script.partitionedMetadata = ({ requestId }) => waiting.push(Number(requestId))
  const asked = [driver.exists(TOPIC), driver.exists(TOPIC)]
  await turns()
  const [socket] = broker.sockets
  const bytes: Buffer[] = []
  if (socket !== undefined) {
    const receive = socket.receive.bind(socket)
    socket.receive = (piece) => bytes.push(piece)
    const [first = 0, second = 0] = waiting
    socket.answer('partitionedMetadataResponse', { requestId: second, outcome: 1, error: 11, message: '' })
    socket.answer('partitionedMetadataResponse', { requestId: first, outcome: 0, partitions: 0 })
    for (const byte of Buffer.concat(bytes)) receive(Buffer.from([byte]))
  }
  expect(await Promise.all(asked)).toEqual([true, false])
})

test.each([
  ['a size above the largest frame', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['the beginning of an answer of HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a size below the smallest frame', Buffer.from([0, 0, 0, 1, 0])],
  ['a command that is longer than its frame', Buffer.from([0, 0, 0, 4, 0, 0, 0, 9])],
  ['bytes that are no command', framed(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))],
  ['a command without content', framed(Buffer.from([0x08, 24]))],
  ['an answer without its number', framed(Buffer.from([0x08, 24, 0xc2, 0x01, 0]))],
])('%s ends the connection with an error that says so', async (_, bytes) => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  broker.script.partitionedMetadata = () => broker.sockets[0]?.receive(bytes)
  const outcome = await outcomeOf(driver.exists(TOPIC))
  expect(outcome).toMatch(/one:6650.*not the protocol of Pulsar, or damaged on the way/)
  expect(broker.open).toHaveLength(0)
})

test('a command that the client does not know is passed over', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  // A watch of topics, with one field.
  broker.sockets[0]?.receive(framed(Buffer.from([0x08, 66, 0x92, 0x04, 2, 0x08, 1])))
  expect(await driver.exists(TOPIC)).toBe(true)
})

test('an answer of another kind than the request’s ends the connection', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  broker.script.partitionedMetadata = ({ requestId }, socket) =>
    socket.answer('success', { requestId: Number(requestId) })
  expect(await outcomeOf(driver.exists(TOPIC))).toMatch(/answered by "success"/)
})

test('a broker that names no largest message or an impossible one is taken at no word', async () => {
  const broker = new ScriptedBroker()
  broker.script.connect = (_, socket) =>
    socket.answer('connected', { serverVersion: 'scripted', maxMessageBytes: -5 })
  expect(await outcomeOf(broker.driver().connect())).toMatch(/messages of up to -5 bytes/)
  broker.script.connect = (_, socket) => socket.answer('connected', { serverVersion: 'scripted' })
  const driver = broker.driver()
  await driver.connect()
  expect(driver.maxMessageBytes).toBe(5 * 1024 * 1024)
})
