import { expect, test } from 'vitest'
import { kafkaConfiguration } from './kafka-configuration.js'

const nodes = [1, 2, 3].map((id) => ({
  id,
  clientPort: 2_000 + id,
  advertisedPort: 2_000 + id,
  internalPort: 3_000 + id,
  controllerPort: 4_000 + id,
}))
const [first] = nodes as [(typeof nodes)[0]]

test('one node keeps one copy, and listens on the loopback address alone', () => {
  const lines = kafkaConfiguration(first, [first]).split('\n')
  expect(lines).toContain(
    'listeners=CLIENT://127.0.0.1:2001,INTERNAL://127.0.0.1:3001,CONTROLLER://127.0.0.1:4001',
  )
  expect(lines).toContain('advertised.listeners=CLIENT://127.0.0.1:2001,INTERNAL://127.0.0.1:3001')
  expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:4001')
  expect(lines).toContain('transaction.state.log.replication.factor=1')
  expect(lines).toContain('transaction.state.log.min.isr=1')
})

test('three nodes keep three copies, of which one may be missing', () => {
  const lines = kafkaConfiguration(first, nodes).split('\n')
  expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:4001,2@127.0.0.1:4002,3@127.0.0.1:4003')
  expect(lines).toContain('default.replication.factor=3')
  expect(lines).toContain('min.insync.replicas=2')
  expect(lines).toContain('transaction.state.log.min.isr=2')
})

test('clients are told the address of the proxy, and other brokers are not', () => {
  const lines = kafkaConfiguration({ ...first, advertisedPort: 9 }, [first]).split('\n')
  expect(lines).toContain('advertised.listeners=CLIENT://127.0.0.1:9,INTERNAL://127.0.0.1:3001')
  expect(lines).toContain('inter.broker.listener.name=INTERNAL')
})

test('a setting of the caller replaces ours, and a backslash or a letter that is not ASCII stays itself', () => {
  const config = { 'min.insync.replicas': 1, text: 'a\\b é' }
  const text = kafkaConfiguration(first, nodes, { config })
  expect(text).toMatch(/^min\.insync\.replicas=1$/m)
  expect(text).toContain('\ntext=a\\\\b \\u00e9\n')
})
