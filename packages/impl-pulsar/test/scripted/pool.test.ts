import { expect, test } from 'vitest'
import { openProducer, openReader, outcomeOf, turns } from './driver-helpers.js'
import { ScriptedBroker, TOPIC } from './scripted-broker.js'

test('whatever is opened at once, a broker gets three connections', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await Promise.all([
    ...Array.from({ length: 8 }, () => openReader(driver)),
    ...Array.from({ length: 8 }, () => openProducer(driver)),
    ...Array.from({ length: 8 }, () => driver.cursor(TOPIC, { make: true })),
  ])
  expect(broker.sockets).toHaveLength(3)
  expect(driver.connections).toBe(3)
})

test('a connection that was lost is made again, once, for the next call', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  await driver.connect()
  broker.sockets[0]?.hangUp()
  await Promise.all([driver.exists(TOPIC), driver.exists(TOPIC)])
  expect(broker.sockets).toHaveLength(2)
})

test('hosts are tried in turn, and the one that answered is asked first next time', async () => {
  const broker = new ScriptedBroker()
  broker.down.add('one:6650')
  const driver = broker.driver({ hosts: ['one', 'two:7000', 'three'] })
  await driver.connect()
  expect(broker.addresses).toEqual(['one:6650', 'two:7000'])
  broker.sockets[0]?.hangUp()
  await driver.connect()
  expect(broker.addresses).toEqual(['one:6650', 'two:7000', 'two:7000'])
})

test('a host that does not answer leaves time for the others', async () => {
  const broker = new ScriptedBroker()
  broker.silent.add('one:6650')
  const driver = broker.driver({ hosts: ['one', 'two'] })
  const connected = outcomeOf(driver.connect())
  await broker.runtime.advance(501)
  expect(await connected).toBe('done')
})

test('when no host answers, the error names the last one and why', async () => {
  const broker = new ScriptedBroker()
  broker.down.add('one:6650').add('two:6650')
  const driver = broker.driver({ hosts: ['one', 'two'] })
  await expect(driver.connect()).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    message: expect.stringContaining('two:6650'),
  })
})

test('closing ends every connection at once, fails what is under way, and refuses what comes later', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  const producer = await openProducer(driver)
  const reader = await openReader(driver)
  broker.script.send = () => {}
  broker.script.lastMessageId = () => {}
  const waiting = [
    producer.made.send(driver.prepare({ ...emptyBatch() }, 'wal-test'), 0),
    reader.made.last(),
  ].map(outcomeOf)
  await turns()
  await driver.close()
  expect(await Promise.all(waiting)).toEqual(Array(2).fill('The connections to Pulsar are closed.'))
  expect([...producer.endings, ...reader.endings]).toHaveLength(2)
  expect(broker.open).toHaveLength(0)
  await expect(driver.exists(TOPIC)).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  await driver.close()
})

test('closing does not wait for a host that does not answer', async () => {
  const broker = new ScriptedBroker()
  broker.silent.add('one:6650')
  const driver = broker.driver()
  const connected = outcomeOf(driver.connect())
  await turns()
  await driver.close()
  expect(await connected).toBe('The connections to Pulsar are closed.')
})

test('a socket that is connected when the driver has been closed is ended', async () => {
  const broker = new ScriptedBroker()
  const driver = broker.driver()
  broker.script.connect = () => {}
  const connected = outcomeOf(driver.connect())
  await turns()
  await driver.close()
  await connected
  expect(broker.open).toHaveLength(0)
})

function emptyBatch() {
  return { sequence: 0, count: 0, bytes: 0, messages: [], packed: [] }
}
