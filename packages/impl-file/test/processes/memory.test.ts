import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'
import { allowedGrowthMiB } from './memory-promise.js'

const RECORDS = Number(process.env.WAL_TEST_MEMORY_RECORDS ?? 200_000)
const GROWTH_MIB = allowedGrowthMiB(process.env.WAL_TEST_MEMORY_RECORDS !== undefined)

const script = new URL('./memory.ts', import.meta.url)
let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-memory-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function run(mode: string, amount: number) {
  const child = new Child(script, [folder, mode, String(amount)])
  assert.equal(await child.ended(), 0)
  const report = JSON.parse(child.lines.at(-1) as string) as {
    outcomes: Record<string, number>
    startRssMiB: number
    maxRssMiB: number
  }
  console.log(mode, JSON.stringify(report))
  const growth = report.maxRssMiB - report.startRssMiB
  assert.ok(growth <= GROWTH_MIB, `the resident set grew by ${growth} MiB, allowed are ${GROWTH_MIB}`)
  return report.outcomes
}

test(`appendAll of ${RECORDS} small records stays within the budget`, async () => {
  assert.deepEqual(await run('load', RECORDS), { acked: RECORDS })
}, 600_000)

test('un-awaited appends, 1,000 in each turn of the event loop, are stored or refused, and memory does not grow', async () => {
  const outcomes = await run('flood', RECORDS / 1000)
  const { acked = 0, 'WAL_RATE_LIMITED not-written': refused = 0 } = outcomes
  assert.equal(acked + refused, RECORDS, JSON.stringify(outcomes))
}, 600_000)

test('on a slow disk appends over maxWaitingBytes are refused', async () => {
  const { acked = 0, 'WAL_RATE_LIMITED not-written': refused = 0 } = await run('slow-flood', 60)
  assert.equal(acked + refused, 60_000)
  assert.ok(refused > 1000, `${refused} were refused`)
  assert.ok(acked > 1000, `${acked} were stored`)
}, 600_000)
