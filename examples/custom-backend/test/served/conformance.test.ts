import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWal } from '@wal/core'
import { conformanceTests } from '@wal/walimpls/conformance'
import { afterAll, test } from 'vitest'
import { DatabaseServer } from './database-server.js'
import { servedBuilder } from './served-backend.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-served-'))
afterAll(() => rmSync(directory, { recursive: true }))

const server = new DatabaseServer(Number(process.env.WAL_TEST_SEED ?? 1))

conformanceTests({
  test,
  openWal,
  builder: servedBuilder(server),
  options: { directory },
  refusesTooLarge: false,
  disturb: () => server.disturb(),
  crash: () => server.crash(),
  // Its server lives in this process.
  leftOut: [
    'prefix: when a record too large is refused, what is in flight behind it is refused too, and stored when sent again',
    'processes',
    'secrets',
  ],
})
