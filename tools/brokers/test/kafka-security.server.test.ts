import { once } from 'node:events'
import { connect } from 'node:net'
import { type KafkaConfig, logLevel, Partitioners, type SASLOptions } from 'kafkajs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  type Certificates,
  createCertificates,
  type ProxiedKafkaServer,
  type SaslMechanism,
  startKafka,
} from '../src/index.js'
import { countRecords, createTopic, kafkaClient, storeRecords } from './kafka-client.js'

const users = { root: 'the "super" \\ user', writer: 'p,w]é' }
const patience = { timeout: 30_000, interval: 50 }

// All tests of this file share one broker, which has users, TLS, access control and a proxy at once: a start takes seconds.
let certificates: Certificates
let server: ProxiedKafkaServer

beforeAll(async () => {
  certificates = await createCertificates()
  server = await startKafka({
    sasl: { users },
    tls: certificates,
    superUsers: ['root'],
    proxy: { seed: 7 },
  })
  await createTopic(clientOf('root'), 'orders')
})

afterAll(async () => {
  await server?.stop()
  certificates?.remove()
})

function clientOf(user: keyof typeof users, config: Partial<KafkaConfig> = {}) {
  return kafkaClient(server, { ssl: { ca: certificates.authority }, sasl: logIn(user), ...config })
}

/** A new object for each client: kafkajs keeps the password of the first log-in in the object that it is given. */
function logIn(
  username: keyof typeof users,
  mechanism: SaslMechanism = 'SCRAM-SHA-256',
  password = users[username],
): SASLOptions {
  return { mechanism: mechanism.toLowerCase(), username, password } as SASLOptions
}

test.each<SaslMechanism>(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
  'a user logs in by %s with the right password only',
  async (mechanism) => {
    const admin = clientOf('writer', { sasl: logIn('writer', mechanism) }).admin()
    await admin.connect()
    await admin.disconnect()
    const wrong = clientOf('writer', { sasl: logIn('writer', mechanism, 'p,w') }).admin()
    await expect(wrong.connect()).rejects.toThrow(/[Aa]uthentication/)
    await wrong.disconnect()
  },
)

test('a client that does not trust the authority is not connected', async () => {
  const admin = clientOf('writer', { ssl: true }).admin()
  await expect(admin.connect()).rejects.toThrow('certificate')
  await admin.disconnect()
})

test('a user may do what the access control list grants, and nothing else', async () => {
  const writer = clientOf('writer')
  await expect(storeRecords(writer, 'orders', ['refused'])).rejects.toThrow(/authorized/)
  const orders = { user: 'writer', resource: 'topic', name: 'ord', pattern: 'prefixed' } as const
  await server.addAcls({ ...orders, operations: ['write', 'describe'] })
  await storeRecords(writer, 'orders', ['stored'])
  await expect(createTopic(writer, 'more-orders')).rejects.toThrow(/authorized|Topic creation errors/)

  await server.addAcls({ ...orders, operations: ['write'], permission: 'deny' })
  await expect(storeRecords(writer, 'orders', ['refused'])).rejects.toThrow(/authorized/)
  expect(await countRecords(clientOf('root'), 'orders')).toBe(1)
})

test('the proxy has every connection of a client that follows the address of the broker', async () => {
  const producer = clientOf('root').producer({ createPartitioner: Partitioners.DefaultPartitioner })
  const before = server.proxy.counters.bytesToServer
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ value: Buffer.alloc(100_000) }] })
  expect(server.proxy.counters.bytesToServer - before).toBeGreaterThan(100_000)
  expect(server.proxy.connections).toBeGreaterThan(0)
  await vi.waitFor(() => expect(server.connections()).toBe(server.proxy.connections), patience)

  // A client that goes past the proxy would be counted.
  const [, clientPort = ''] = /\tlisteners = \[?CLIENT:\/\/127\.0\.0\.1:(\d+)/.exec(server.logs()) ?? []
  expect(Number(clientPort)).not.toBe(server.port)
  const passer = connect(Number(clientPort), '127.0.0.1')
  await once(passer, 'connect')
  await vi.waitFor(() => expect(server.connections()).toBe(server.proxy.connections + 1), patience)
  passer.destroy()
  await producer.disconnect()
  await vi.waitFor(() => expect(server.connections()).toBe(0), patience)
})

test('a fault of the proxy reaches the clients', async () => {
  const producer = clientOf('root').producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  server.proxy.inject({ kind: 'cut-reply' })
  await expect(producer.send({ topic: 'orders', messages: [{ value: 'unknown' }] })).rejects.toThrow()
  server.proxy.heal()
  expect(server.proxy.counters.faults['cut-reply'].hitsInFlight).toBeGreaterThan(0)
  await producer.disconnect()
})

test('a client above its quota is throttled', async () => {
  const lines: string[] = []
  const client = clientOf('root', {
    clientId: 'greedy',
    logLevel: logLevel.DEBUG,
    logCreator:
      () =>
      ({ log }) =>
        void lines.push(log.message),
  })
  await server.setQuota({ clientId: 'greedy', producerBytesPerSecond: 1_000 })
  const value = 'x'.repeat(20_000)
  await vi.waitFor(async () => {
    await storeRecords(client, 'orders', [value])
    expect(lines.some((line) => line.startsWith('Client side throttling'))).toBe(true)
  }, patience)
  await server.setQuota({ clientId: 'greedy', producerBytesPerSecond: null })
})
