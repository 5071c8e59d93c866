import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { contractTests } from '../../../packages/walimpls/test/contract.js'
import { sqliteBuilder } from '../src/index.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-sqlite-'))
afterAll(() => rmSync(directory, { recursive: true }))

contractTests({ test, name: 'sqlite', builder: sqliteBuilder, options: { directory } })
