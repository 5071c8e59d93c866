import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, test } from 'vitest'
import { contractTests } from '../../walimpls/test/contract.js'
import { fileBuilder } from '../src/builder.js'

const path = mkdtempSync(join(tmpdir(), 'wal-file-contract-'))
afterAll(() => rmSync(path, { recursive: true }))

contractTests({
  test,
  name: 'file',
  builder: fileBuilder,
  options: { path, segmentBytes: 1 << 20 },
  refusesLowerTerm: false,
})
