import { expect, test } from 'vitest'
import { kafkaConfiguration } from './kafka-configuration.js'

const nodes = [1, 2, 3].map((id) => ({ id, port: 2_000 + id, controllerPort: 3_000 + id }))
const [first = { id: 0, port: 0, controllerPort: 0 }] = nodes

test('one node keeps one copy, and listens on the loopback address alone', () => {
  const lines = kafkaConfiguration(first, [first]).split('\n')
  expect(lines).toContain('listeners=PLAINTEXT://127.0.0.1:2001,CONTROLLER://127.0.0.1:3001')
  expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:3001')
  expect(lines).toContain('transaction.state.log.replication.factor=1')
  expect(lines).toContain('transaction.state.log.min.isr=1')
})

test('three nodes keep three copies, of which one may be missing', () => {
  const lines = kafkaConfiguration(first, nodes).split('\n')
  expect(lines).toContain('controller.quorum.voters=1@127.0.0.1:3001,2@127.0.0.1:3002,3@127.0.0.1:3003')
  expect(lines).toContain('default.replication.factor=3')
  expect(lines).toContain('min.insync.replicas=2')
  expect(lines).toContain('transaction.state.log.min.isr=2')
})

test('a setting of the caller replaces ours', () => {
  expect(kafkaConfiguration(first, nodes, { 'min.insync.replicas': 1 })).toMatch(/^min\.insync\.replicas=1$/m)
})
