import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { afterAll, test } from 'vitest'
import { SqliteCopies } from '../sqlite-copies.js'
import { DatabaseServer } from './database-server.js'
import { servedBuilder } from './served-backend.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-served-'))
const copies = new SqliteCopies(directory, ['record', 'writer', 'counter'])
afterAll(() => {
  copies.remove()
  rmSync(directory, { recursive: true })
})

const server = new DatabaseServer(Number(process.env.WAL_TEST_SEED ?? 1))

conformanceTests({
  test,
  openWal,
  builder: servedBuilder(server),
  options: { directory },
  refusesTooLarge: false,
  disturb: () => server.disturb(),
  crash: () => server.crash(),
  saveState(channel) {
    const saved = copies.saveState(channel)
    return {
      putBack() {
        saved.putBack()
        server.disturb()
      },
    }
  },
  copy: (channel) => copies.copy(channel),
  loseRecords: (records) => copies.loseRecords(records),
  // The database server of this backend lives in the process of the test, so no other process can open the log.
  leftOut: [
    'prefix: batches in flight behind a record that is too large are refused with it, and stored when sent again',
    'processes',
    'secrets',
  ],
})
