import { fileURLToPath } from 'node:url'
import { type ConformanceOptions, conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { test } from 'vitest'
import { redisStreamsBuilder } from '../src/builder.js'
import type { RedisStreamsOptions } from '../src/client/options.js'
import { copies, removeEntries } from './kit-hooks.js'

/** What a server, or a group of them, lets the kit do to it. */
export type KitHooks = Pick<ConformanceOptions, 'disturb' | 'crash' | 'leftOut'>

/** The kit on the servers that `options` name. */
export function kit(name: string, options: RedisStreamsOptions, hooks: KitHooks): void {
  conformanceTests({
    test,
    name,
    openWal,
    builder: redisStreamsBuilder,
    options: { ...options },
    // A server without a password lets anybody in who gives one, but nobody under a name that it does not know.
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
