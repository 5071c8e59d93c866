import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { afterAll, test } from 'vitest'
import { sqliteBuilder } from '../src/index.js'
import { SqliteCopies } from './sqlite-copies.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-sqlite-'))
const copies = new SqliteCopies(directory, ['record', 'writer', 'sqlite_sequence'])
afterAll(() => {
  copies.remove()
  rmSync(directory, { recursive: true })
})

conformanceTests({
  test,
  openWal,
  builder: sqliteBuilder,
  options: { directory },
  refusesTooLarge: false,
  saveState: (channel) => copies.saveState(channel),
  copy: (channel) => copies.copy(channel),
  loseRecords: (records) => copies.loseRecords(records),
  leftOut: [
    'channels: a deleted channel is gone and can be created again',
    'channels: a deleted channel is neither appended to nor read by those that have it open still',
    'positions: through the adaptor: a position of a log that was deleted and created again is refused',
    'prefix: batches in flight behind a record that is too large are refused with it, and stored when sent again',
    'secrets',
    // The backend has no connections and no server that could fail. The part `processes` kills processes that have the log
    // open.
    'disturbed',
    'crashed',
  ],
  processes: {
    module: new URL('./conformance-process.ts', import.meta.url),
    stoppedHoldsLock: true,
    execArgv: ['--import', 'tsx'],
    env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
  },
})
