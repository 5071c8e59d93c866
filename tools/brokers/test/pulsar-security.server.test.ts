import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Certificates, createCertificates, type ProxiedPulsarServer, startPulsar } from '../src/index.js'
import { greet, PulsarConnection } from '../src/pulsar/pulsar-connection.js'
import { commandFrame, commands, message } from '../src/pulsar/pulsar-frame.js'
import { PulsarProducer } from './pulsar-producer.js'

const topic = 'persistent://public/default/orders'
const patience = { timeout: 30_000, interval: 50 }

// All tests of this file share one broker, which has tokens, TLS, authorization and a proxy at once: a start takes seconds.
let certificates: Certificates
let server: ProxiedPulsarServer

beforeAll(async () => {
  certificates = await createCertificates()
  server = await startPulsar({
    tokenKey: 'rsa',
    tls: certificates,
    superUsers: ['root'],
    proxy: { seed: 7 },
    config: { authenticationRefreshCheckSeconds: 1 },
  })
})

afterAll(async () => {
  await server?.stop()
  certificates?.remove()
})

function logIn(role: string, expiresInSeconds?: number) {
  const token = server.token(role, expiresInSeconds === undefined ? {} : { expiresInSeconds })
  return { authority: certificates.authority, token }
}

test('a client gets in with a token of the server only, and by TLS only', async () => {
  await greet(server.port, logIn('writer'))
  const { authority, token } = logIn('writer')
  await expect(greet(server.port, { authority })).rejects.toThrow('Failed to authenticate')
  await expect(greet(server.port, logIn('writer', -1))).rejects.toThrow('Failed to authenticate')
  const forged = token.replace(/.{4}$/, 'AAAA')
  await expect(greet(server.port, { authority, token: forged })).rejects.toThrow('Failed to authenticate')
  await expect(greet(server.port, { token })).rejects.toThrow()
  await expect(greet(server.port, { token, authority: '' })).rejects.toThrow('certificate')
})

test('a role may do what is granted, and a super user everything', async () => {
  await expect(PulsarProducer.open(server.port, topic, logIn('writer'))).rejects.toThrow(/authoriz/i)
  await server.admin.grant('public/default', 'writer', ['produce'])
  const { producer } = await PulsarProducer.open(server.port, topic, logIn('writer'))
  await producer.store(['granted'])
  producer[Symbol.dispose]()
  await server.admin.revoke('public/default', 'writer')
  await expect(PulsarProducer.open(server.port, topic, logIn('writer'))).rejects.toThrow(/authoriz/i)
  const root = await PulsarProducer.open(server.port, topic, logIn('root'))
  root.producer[Symbol.dispose]()
})

test('a client whose token expires is asked for another, and cut off when none comes', async () => {
  using renewing = await PulsarConnection.open(server.port, logIn('root', 3))
  await renewing.expect(commands.authChallenge)
  const answer = message([
    [1, 'token'],
    [2, server.token('root', { expiresInSeconds: 4 })],
  ])
  renewing.send(
    commandFrame(commands.authResponse, [
      [1, 'wal-brokers'],
      [2, answer],
      [3, 19],
    ]),
  )
  // The new token expires too, so the broker has accepted the answer when it asks once more.
  await renewing.expect(commands.authChallenge)
  await expect(renewing.next()).rejects.toThrow('closed')
})

test('the proxy has every connection of a client that follows the address of a lookup', async () => {
  const before = server.proxy.counters.bytesToServer
  const { producer, url } = await PulsarProducer.open(server.port, topic, logIn('root'))
  expect(url).toBe(server.url)
  await producer.store(['x'.repeat(100_000)])
  expect(server.proxy.counters.bytesToServer - before).toBeGreaterThan(100_000)
  expect(server.proxy.connections).toBeGreaterThan(0)
  await vi.waitFor(() => expect(server.connections()).toBe(server.proxy.connections), patience)

  // A client that goes past the proxy would be counted.
  const [, own = ''] = /bindAddresses[ =]+client:pulsar\+ssl:\/\/127\.0\.0\.1:(\d+)/.exec(server.logs()) ?? []
  const clientPort = Number(own)
  expect(clientPort).not.toBe(server.port)
  const passer = connect(clientPort, '127.0.0.1')
  await once(passer, 'connect')
  await vi.waitFor(() => expect(server.connections()).toBe(server.proxy.connections + 1), patience)
  passer.destroy()
  producer[Symbol.dispose]()
  await vi.waitFor(() => expect(server.connections()).toBe(0), patience)
})

test('the broker does not go through the proxy itself', async () => {
  const before = server.proxy.counters.connections
  server.proxy.inject({ kind: 'black-hole' })
  try {
    // In this check the broker writes and reads a message as its own client.
    await server.admin.request('GET', 'brokers/health')
    expect(server.proxy.counters.connections).toBe(before)
  } finally {
    server.proxy.heal()
  }
})
