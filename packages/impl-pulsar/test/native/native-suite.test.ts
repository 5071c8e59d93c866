import { expect, test } from 'vitest'
import { loadPulsarClient } from '../../src/native/load-pulsar-client.js'

const path = process.env.WAL_TEST_PULSAR_CLIENT

if (path === undefined)
  console.warn(
    'The tests of the Pulsar backend did NOT run on its native driver: WAL_TEST_PULSAR_CLIENT names no installed pulsar-client (docs/testing.md).',
  )

test.skipIf(path === undefined)('the pulsar-client on which the tests run can be loaded', async () => {
  expect(await loadPulsarClient(path)).toBeDefined()
})
