import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createCertificates, startKafka } from '../src/index.js'
import { createTopic, kafkaClient } from './kafka-client.js'

test('a broker of 3.9.1 asks for a certificate, and the name in it is the name of the user', {
  timeout: 600_000,
}, async () => {
  using certificates = await createCertificates()
  await using server = await startKafka({
    version: '3.9.1',
    tls: certificates,
    clientCertificates: 'required',
    superUsers: ['CN=localhost'],
  })
  expect(server.logs()).toContain('Kafka version: 3.9.1')
  const ca = certificates.authority
  const withoutOne = kafkaClient(server, { ssl: { ca } }).admin()
  await expect(withoutOne.connect()).rejects.toThrow()
  await withoutOne.disconnect()

  const signed = (cert: string, key: string) =>
    kafkaClient(server, { ssl: { ca, cert: readFileSync(cert), key: readFileSync(key) } })
  const client = signed(certificates.clientCertificateFile, certificates.clientKeyFile)
  await expect(createTopic(client, 'orders')).rejects.toThrow()
  await server.addAcls(
    { user: 'CN=client', resource: 'cluster', operations: ['create'] },
    { user: 'CN=client', resource: 'topic', name: '*', operations: ['describe'] },
  )
  await createTopic(client, 'orders')
  await createTopic(signed(certificates.serverCertificateFile, certificates.serverKeyFile), 'more-orders')
})
