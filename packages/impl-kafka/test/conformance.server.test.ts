import { createCertificates, disturbThrough, startKafka } from '@wal/brokers'
import { afterAll, expect, test } from 'vitest'
import { kit } from './kit.js'
import { administer } from './other-application.js'

const users = { owner: 'the-owners-secret', writer: 'secret' }
const certificates = await createCertificates()
const kafka = await startKafka({
  sasl: { users, mechanisms: ['SCRAM-SHA-512'] },
  tls: certificates,
  proxy: true,
  // A broker that was killed waits until its former session has ended before it leads anything again.
  config: { 'broker.session.timeout.ms': 2000, 'broker.heartbeat.interval.ms': 500 },
})
afterAll(() => kafka.stop())

kit(
  'kafka',
  {
    hosts: [kafka.address],
    user: 'writer',
    password: users.writer,
    kafka: { ssl: { ca: certificates.authority } },
  },
  {
    disturb: disturbThrough(kafka.proxy),
    crash: () => kafka.restart(),
    saveState: () => kafka.saveData(),
  },
)

test('the broker lists no consumer group after all of this', async () => {
  const { groups } = await administer(kafka, (admin) => admin.listGroups())
  expect(groups).toEqual([])
})
