import { fileURLToPath } from 'node:url'
import { type ConformanceOptions, conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { test } from 'vitest'
import { redisStreamsBuilder } from '../src/builder.js'
import type { RedisStreamsOptions } from '../src/client/options.js'
import { copies, removeEntries } from './kit-hooks.js'

/** What the kit may do to a server, or to a group of servers. */
export type KitHooks = Pick<ConformanceOptions, 'disturb' | 'crash' | 'leftOut'>

/** Runs the kit on the servers that `options` name. */
export function kit(name: string, options: RedisStreamsOptions, hooks: KitHooks): void {
  conformanceTests({
    test,
    name,
    openWal,
    builder: redisStreamsBuilder,
    options: { ...options },
    // A server without a password accepts any password, but refuses a user that it does not know.
    failedLogin: { ...options, user: 'not-a-user', password: 'not-the-password' },
    processes: {
      module: new URL('./conformance-process.ts', import.meta.url),
      execArgv: ['--import', 'tsx'],
      env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
    },
    loseRecords: (records) => removeEntries(options, records),
    ...copies(options, async () => hooks.disturb?.()),
    ...hooks,
  })
}
