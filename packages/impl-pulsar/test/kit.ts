import { fileURLToPath } from 'node:url'
import { type ConformanceOptions, conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { test } from 'vitest'
import { pulsarBuilder } from '../src/builder.js'
import type { PulsarOptions } from '../src/driver/options.js'
import { withDriver } from './driver-under-test.js'

/** What the kit may do to a broker. */
export type KitHooks = Pick<ConformanceOptions, 'disturb' | 'crash' | 'saveState'>

/** Runs the kit on the broker that `options` name. */
export function kit(name: string, options: PulsarOptions, hooks: KitHooks): void {
  conformanceTests({
    test,
    name,
    openWal,
    builder: pulsarBuilder,
    options: { ...withDriver(options) },
    failedLogin: { ...withDriver(options), token: 'not.the.token' },
    refusesLowerTerm: false,
    // A test that kills the broker five times waits for it five times, half a minute each on a busy machine.
    patienceMs: 600_000,
    processes: {
      module: new URL('./conformance-process.ts', import.meta.url),
      execArgv: ['--import', 'tsx'],
      env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
    },
    leftOut: [
      // The broker deletes a topic only through its admin interface.
      'channels: a deleted channel is gone and can be created again',
      'channels: a deleted channel is neither appended to nor read by those that have it open still',
      'positions: through the adaptor: a position of a log that was deleted and created again is refused',
      'fencing: a writer of a lower term than the log’s is fenced at its first append',
      // Pulsar removes no single messages, and a topic cannot be copied.
      'holes',
      'restored-copy',
    ],
    ...hooks,
  })
}
