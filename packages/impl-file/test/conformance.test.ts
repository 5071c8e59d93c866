import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { conformanceTests } from '@wal/conformance'
import { openWal } from '@wal/core'
import { afterAll, test } from 'vitest'
import { fileBuilder } from '../src/builder.js'
import { FailingFiles } from './failing-files.js'
import { KitCopies } from './kit-copies.js'

const path = mkdtempSync(join(tmpdir(), 'wal-file-conformance-'))
const copies = new KitCopies(path)
afterAll(() => {
  copies.remove()
  rmSync(path, { recursive: true })
})

const files = new FailingFiles()

conformanceTests({
  test,
  openWal,
  builder: fileBuilder,
  options: { path, segmentBytes: 1 << 20 },
  refusesLowerTerm: false,
  runtime: () => files.runtime(),
  disturb: () => files.disturb(),
  saveState: (channel) => copies.saveState(channel),
  copy: (channel) => ({ segmentBytes: 1 << 20, ...copies.copy(channel) }),
  // The file backend has no server, so its crash is that of its process, which the kit's part `processes` kills. A segment is a
  // file with a checksum over every byte, so a record that others remove from it is damage, not a gap.
  leftOut: [
    'fencing: a writer of a lower term than the log’s is fenced at its first append',
    'secrets',
    'crashed',
    'holes',
  ],
  processes: {
    module: new URL('./conformance-process.ts', import.meta.url),
    execArgv: ['--import', 'tsx'],
    env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
  },
})
