import { expect, test } from 'vitest'
import { openProducer, openReader, outcomeOf, turns } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'

test('a redirected lookup is asked of the named broker, as the first one said', async () => {
  const broker = new ScriptedBroker()
  broker.script.lookup = ({ requestId, authoritative }, socket) =>
    socket.answer('lookupResponse', {
      requestId: Number(requestId),
      ...(authoritative
        ? { outcome: 1, url: 'pulsar://three:6650' }
        : { outcome: 0, url: 'pulsar://two:6650', authoritative: true }),
    })
  await openReader(broker.driver())
  expect(broker.addresses).toEqual(['one:6650', 'two:6650', 'three:6650'])
})

test('a lookup that goes round in circles ends', async () => {
  const broker = new ScriptedBroker()
  broker.script.lookup = ({ requestId }, socket) =>
    socket.answer('lookupResponse', { requestId: Number(requestId), outcome: 0, url: 'pulsar://one:6650' })
  expect(await outcomeOf(openReader(broker.driver()))).toMatch(/redirected 20 times/)
  expect(broker.sent('lookup')).toHaveLength(20)
})

test('through a proxy every connection goes to the proxy, and names the broker', async () => {
  const broker = new ScriptedBroker()
  broker.script.lookup = ({ requestId }, socket) =>
    socket.answer('lookupResponse', {
      ...{ requestId: Number(requestId), outcome: 1, url: 'pulsar://inside:6650', throughProxy: true },
    })
  const driver = broker.driver()
  await openReader(driver)
  await openProducer(driver)
  expect(broker.addresses).toEqual(Array(3).fill('one:6650'))
  expect(broker.sent('connect').map(({ proxyTo }) => proxyTo)).toEqual([
    undefined,
    'inside:6650',
    'inside:6650',
  ])
})

test('with TLS the address for TLS is taken, and a broker without one is an error', async () => {
  const broker = new ScriptedBroker()
  const urls: { urlTls?: string } = { urlTls: 'pulsar+ssl://two:6651' }
  broker.script.lookup = ({ requestId }, socket) =>
    socket.answer('lookupResponse', {
      ...{ requestId: Number(requestId), outcome: 1, url: 'pulsar://two:6650', ...urls },
    })
  const driver = broker.driver({ hosts: ['one'], tls: true })
  await openReader(driver)
  expect(broker.addresses).toEqual(['one:6651', 'two:6651'])
  delete urls.urlTls
  expect(await outcomeOf(openReader(driver))).toMatch(/no broker that speaks TLS/)
})

test('an address that is none is an error, not a connection', async () => {
  const broker = new ScriptedBroker()
  broker.script.lookup = ({ requestId }, socket) =>
    socket.answer('lookupResponse', { requestId: Number(requestId), outcome: 1, url: 'pulsar://a b' })
  expect(await outcomeOf(openReader(broker.driver()))).toMatch(/"pulsar:\/\/a b", which is not the address/)
})

test('what is not ready is looked up again until it is, and in the end fails with what the broker said', async () => {
  const broker = new ScriptedBroker()
  let refusals = 3
  broker.script.subscribe = ({ requestId }, socket) => {
    if (refusals-- > 0)
      socket.answer('error', { requestId: Number(requestId), error: 6, message: 'being unloaded' })
    else socket.answer('success', { requestId: Number(requestId) })
  }
  const driver = broker.driver()
  await broker.runtime.run(openReader(driver))
  expect(broker.sent('lookup')).toHaveLength(4)
  refusals = Number.POSITIVE_INFINITY
  const failed = openReader(driver)
  failed.catch(() => {})
  await turns()
  await broker.runtime.advance(1_100)
  await expect(failed).rejects.toMatchObject({ code: 'ServiceNotReady', message: 'being unloaded' })
})

test('another refusal is not tried again', async () => {
  const broker = new ScriptedBroker()
  broker.script.subscribe = ({ requestId }, socket) =>
    socket.answer('error', { requestId: Number(requestId), error: 4, message: 'not yours' })
  await expect(openReader(broker.driver())).rejects.toMatchObject({ code: 'AuthorizationError' })
  expect(broker.sent('subscribe')).toHaveLength(1)
})

test('a broker that closes a reader may name the next broker, which is asked without a lookup, once', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const { endings } = await openReader(driver)
  broker.socketOf('subscribe').answer('consumerClosed', { consumerId: 1, url: 'pulsar://two:6650' })
  expect(endings.map(String)).toEqual(['CallFailure: the broker closed the reader'])
  await openReader(driver)
  expect(broker.sent('lookup')).toHaveLength(1)
  expect(broker.addresses).toContain('two:6650')
  await openReader(driver)
  expect(broker.sent('lookup')).toHaveLength(2)
})

test('a topic with partitions is refused by name, and none that is missing is made', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  broker.script.partitionedMetadata = ({ requestId, mayCreate }, socket) => {
    expect(mayCreate).toBe(false)
    socket.answer('partitionedMetadataResponse', { requestId: Number(requestId), outcome: 0, partitions: 3 })
  }
  for (const refused of [driver.exists(TOPIC), driver.cursor(TOPIC, { make: true })])
    await expect(refused).rejects.toMatchObject({
      code: 'WAL_INVALID_ARGUMENT',
      message: expect.stringContaining(`${TOPIC} has 3 partitions`),
    })
  expect(broker.sent('subscribe')).toHaveLength(0)
})

test('a broker that would make a topic when asked for its partitions is asked for the names instead', async () => {
  const broker = new ScriptedBroker()
  broker.script.connect = (_, socket) => socket.answer('connected', { serverVersion: 'an old one' })
  let topics = [TOPIC]
  broker.script.topicsOfNamespace = ({ requestId }, socket) =>
    socket.answer('topicsOfNamespaceResponse', { requestId: Number(requestId), topics })
  const driver = broker.driver()
  expect(await driver.exists(TOPIC)).toBe(true)
  expect(broker.sent('topicsOfNamespace')[0]?.namespace).toBe('public/default')
  topics = [`${TOPIC}-other`]
  expect(await driver.exists(TOPIC)).toBe(false)
  topics = [`${TOPIC}-partition-0`, `${TOPIC}-partition-1`]
  await expect(driver.exists(TOPIC)).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
  expect(broker.sent('partitionedMetadata')).toHaveLength(0)
})

test('a list leaves out partitions and topics that are not persistent', async () => {
  const broker = new ScriptedBroker()
  const topics = [TOPIC, `${TOPIC}-partition-0`, 'non-persistent://public/default/events']
  broker.script.topicsOfNamespace = ({ requestId }, socket) =>
    socket.answer('topicsOfNamespaceResponse', { requestId: Number(requestId), topics })
  expect(await broker.driver().list('public/default')).toEqual([TOPIC])
})
