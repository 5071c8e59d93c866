import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'vitest'
import { Child } from '../../../walimpls/test/child-process.js'
import { allowedGrowthMiB, heapArguments } from './memory-promise.js'

const READERS = 300
/** Of 100 bytes, so that what the readers hold would be several times the log if each held a page. */
const RECORDS = 100_000
const BUDGET_MIB = 64

test('H175: readers that are behind and stopped stay within the byte budget of their WAL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wal-readers-'))
  try {
    const script = new URL('./readers.ts', import.meta.url)
    const child = new Child(
      script,
      [folder, String(READERS), String(RECORDS)],
      ['--expose-gc', ...heapArguments(false)],
    )
    assert.equal(await child.ended(), 0)
    const report = JSON.parse(child.lines.at(-1) as string)
    console.log(`${READERS} readers`, JSON.stringify(report))
    assert.equal(report.wrong, 0)
    const held = report.stoppedRssMiB - report.beforeRssMiB
    assert.ok(held <= BUDGET_MIB, `stopped readers hold ${held} MiB, allowed are ${BUDGET_MIB}`)
    const growth = report.maxRssMiB - report.startRssMiB
    const allowed = allowedGrowthMiB(false)
    assert.ok(growth <= allowed, `the resident set grew by ${growth} MiB, allowed are ${allowed}`)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 300_000)
