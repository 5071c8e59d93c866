import { setTimeout as sleep } from 'node:timers/promises'
import { type Certificates, createCertificates, type ProxiedPulsarServer, startPulsar } from '@wal/brokers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PulsarOptions } from '../../src/driver/options.js'
import { DriverScene, hostOf, TestProducer, TestReader } from './driver-scene.js'

// All tests of this file share one broker, which has tokens, TLS, authorization and a proxy at once: a start takes seconds.
let certificates: Certificates
let server: ProxiedPulsarServer

beforeAll(async () => {
  certificates = await createCertificates()
  server = await startPulsar({
    tokenKey: 'rsa',
    tls: certificates,
    superUsers: ['root'],
    proxy: { seed: 3 },
    config: { authenticationRefreshCheckSeconds: 1 },
  })
})

afterAll(async () => {
  await server?.stop()
  certificates?.remove()
})

function scene(options: Partial<PulsarOptions> = {}): DriverScene {
  return new DriverScene({
    ...{ hosts: [hostOf(server.url)], tls: true, tlsOptions: { ca: certificates.authority } },
    ...{ token: server.token('root') },
    ...options,
  })
}

test('a driver writes and reads by TLS with a token, through the address that lookups name', async () => {
  await using place = scene()
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  await producer.send('a', 'b')
  const reader = await TestReader.open(driver, place.topic, 'earliest')
  reader.reader.permit(10)
  expect(await reader.payloads(1)).toEqual(['a', 'b'])
  expect(server.proxy.connections).toBe(driver.connections)
})

test('the name of the certificate is checked, and a given server name takes the place of the host', async () => {
  await using place = scene({ hosts: [`localhost:${server.port}`] })
  const driver = await place.driver()
  expect(await driver.exists(place.topic)).toBe(false)
  await using other = scene({ tlsOptions: { ca: certificates.authority, servername: 'elsewhere' } })
  await expect(other.driver()).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
})

test('what keeps a client out is told by a code, and no token is in the text', async () => {
  const forged = server.token('root').replace(/.{4}$/, 'AAAA')
  await using wrong = scene({ token: forged })
  const refusal = await wrong.driver().catch((error: unknown) => error)
  expect(refusal).toMatchObject({ name: 'PulsarError', code: 'AuthenticationError' })
  expect(String(refusal)).not.toContain(forged.slice(0, 40))
  await using untrusting = scene({ tlsOptions: {} })
  await expect(untrusting.driver()).rejects.toMatchObject({
    code: expect.stringMatching(/^(UNABLE_TO_|SELF_SIGNED)/),
  })
  await using plain = scene({ tls: false, requestTimeoutMs: 5_000 })
  await expect(plain.driver()).rejects.toMatchObject({ name: 'CallFailure' })
})

test('a role without permissions is refused by name', async () => {
  await using place = scene({ token: server.token('nobody') })
  const driver = await place.driver()
  await expect(driver.cursor(place.topic, { make: true })).rejects.toMatchObject({
    code: 'AuthorizationError',
  })
})

test('a connection outlives its token when the supplier has another', async () => {
  let asked = 0
  const tokenSupplier = () => {
    asked++
    return server.token('root', { expiresInSeconds: 3 })
  }
  await using place = scene({ tokenSupplier })
  const driver = await place.made()
  const producer = await TestProducer.open(driver, place.topic)
  const logins = asked
  await sleep(8_000)
  await producer.send('late')
  expect(producer.endings).toEqual([])
  expect(asked).toBeGreaterThan(logins)
})
