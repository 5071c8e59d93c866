import { expect, test } from 'vitest'
import { startPulsar } from '../src/index.js'
import { commands } from '../src/pulsar/pulsar-frame.js'
import { PulsarProducer } from './pulsar-producer.js'

const topic = 'persistent://public/default/orders'
/** `ServerError.ChecksumError`, which is field 3 of `CommandSendError`. */
const checksumError = 9

test('a message that the proxy damages is refused for its check sum, and those behind it are stored', {
  timeout: 600_000,
}, async () => {
  await using server = await startPulsar({ proxy: true, tokenKey: 'hmac' })
  const logIn = { token: server.token('writer') }
  const { producer } = await PulsarProducer.open(server.port, topic, logIn)
  using _ = producer
  await producer.store(['whole'])
  server.proxy.injectOnce({ kind: 'flipped-byte', bytes: 5_000, direction: 'to-server' })
  for (const letter of 'abc') producer.send(letter.repeat(10_000))
  const refused = await producer.connection.expect(commands.sendError)
  expect(refused.fields.get(2)).toBe(1)
  expect(refused.fields.get(3)).toBe(checksumError)
  for (const sequence of [2, 3]) {
    const { fields } = await producer.connection.expect(commands.sendReceipt)
    expect(fields.get(2)).toBe(sequence)
  }
  expect((await server.admin.internalStats(topic)).entriesAddedCounter).toBe(3)
  expect(server.proxy.counters.faults['flipped-byte']).toMatchObject({ hits: 1, hitsInFlight: 1 })
})
