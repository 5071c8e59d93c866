import { fileURLToPath } from 'node:url'
import { type ConformanceOptions, conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { test } from 'vitest'
import { kafkaBuilder } from '../src/builder.js'
import type { KafkaOptions } from '../src/client/options.js'

/** What the kit may do to a broker. */
export type KitHooks = Pick<ConformanceOptions, 'disturb' | 'crash' | 'saveState'>

/** Runs the kit on the brokers that `options` name. */
export function kit(name: string, options: KafkaOptions, hooks: KitHooks): void {
  conformanceTests({
    test,
    name,
    openWal,
    builder: kafkaBuilder,
    options: { ...options },
    failedLogin: { ...options, password: 'not-the-password' },
    refusesLowerTerm: false,
    // A test that kills the broker five times waits for it five times.
    patienceMs: 240_000,
    processes: {
      module: new URL('./conformance-process.ts', import.meta.url),
      execArgv: ['--import', 'tsx'],
      env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
    },
    leftOut: [
      'fencing: a writer of a lower term than the log’s is fenced at its first append',
      // Kafka removes no single records, and a topic cannot be copied.
      'holes',
      'restored-copy',
    ],
    ...hooks,
  })
}
