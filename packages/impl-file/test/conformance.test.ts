import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWal } from '@wal/core'
import { conformanceTests } from '@wal/walimpls/conformance'
import { afterAll, test } from 'vitest'
import { fileBuilder } from '../src/builder.js'

const path = mkdtempSync(join(tmpdir(), 'wal-file-conformance-'))
afterAll(() => rmSync(path, { recursive: true }))

conformanceTests({
  test,
  openWal,
  builder: fileBuilder,
  options: { path, segmentBytes: 1 << 20 },
  refusesLowerTerm: false,
  leftOut: ['fencing: a lower term than the log’s is refused', 'secrets', 'disturbed', 'crashed'],
  processes: {
    module: new URL('./conformance-process.ts', import.meta.url),
    execArgv: ['--import', 'tsx'],
    env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
  },
})
