import type { PulsarOptions } from '../src/driver/options.js'

/**
 * The driver with which the tests that need a server run: `native` where the environment variable names an installed
 * pulsar-client, otherwise `protocol`.
 */
export const DRIVER = process.env.WAL_TEST_PULSAR_CLIENT === undefined ? 'protocol' : 'native'

/** The options of a test, with the driver under test. */
export const withDriver = (options: PulsarOptions): PulsarOptions => ({ driver: DRIVER, ...options })
