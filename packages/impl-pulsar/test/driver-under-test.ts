import type { PulsarOptions } from '../src/driver/options.js'

/**
 * The driver with which the tests that need a server run: `native` where the environment variable names an installed
 * pulsar-client, otherwise `protocol`.
 */
const pulsarClient = process.env.WAL_TEST_PULSAR_CLIENT
const driver: Pick<PulsarOptions, 'driver' | 'pulsarClient'> =
  pulsarClient === undefined ? { driver: 'protocol' } : { driver: 'native', pulsarClient }

/** The options of a test, with the driver under test. */
export const withDriver = (options: PulsarOptions): PulsarOptions => ({ ...driver, ...options })
