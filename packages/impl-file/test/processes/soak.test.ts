import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { Child } from '../child-process.js'
import { allowedGrowthMiB, heapArguments } from './memory-promise.js'
import type { ResidentSet } from './resident-set.js'

const SECONDS = Number(process.env.WAL_TEST_SOAK_SECONDS ?? 2)
const RECORDS = Number(process.env.WAL_TEST_SOAK_RECORDS ?? 200_000)
const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const LONG = process.env.WAL_TEST_SOAK_SECONDS !== undefined
const GROWTH_MIB = allowedGrowthMiB(LONG)
const TIMEOUT_MS = 600_000 + SECONDS * 20_000 + RECORDS / 10

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wal-soak-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function soak<Result>(name: string, ...parameters: number[]): Promise<Result> {
  const child = new Child(
    new URL(`./soak/${name}.ts`, import.meta.url),
    [folder, ...parameters.map(String)],
    heapArguments(LONG),
  )
  try {
    assert.equal(await child.ended(), 0)
  } finally {
    await child.kill()
  }
  const line = child.lines.at(-1) as string
  const { startRssMiB, maxRssMiB } = JSON.parse(line) as ResidentSet
  const growth = maxRssMiB - startRssMiB
  console.log(`${name}: the resident set grew by ${growth} MiB at most, allowed are ${GROWTH_MIB}\n  ${line}`)
  assert.ok(growth <= GROWTH_MIB, `the resident set grew by ${growth} MiB, allowed are ${GROWTH_MIB}`)
  return JSON.parse(line) as Result
}

test(
  `G15 a reader that stops for ${SECONDS} s under full load gets every message afterwards`,
  async () => {
    const { total, acked, steady, stopping } = await soak<Record<string, number>>('stopping-reader', SECONDS)
    assert.deepEqual({ acked, steady, stopping }, { acked: total, steady: total, stopping: total })
  },
  TIMEOUT_MS,
)

test(
  `G15 G21 when the backend fails for ${SECONDS} s, nothing is lost or stored twice and every outcome is right (WAL_TEST_SEED=${SEED})`,
  async () => {
    const { wrong } = await soak<{ wrong: Record<string, number> }>('outage', SECONDS, SEED)
    assert.deepEqual(wrong, { lost: 0, doubled: 0, undead: 0, tailedOtherwise: 0, resolvedOtherwise: 0 })
  },
  TIMEOUT_MS,
)

test(
  `G15 ${RECORDS} records are written and read again within the byte budget`,
  async () => {
    const { acked, replayed } = await soak<Record<string, number>>('replay', RECORDS)
    assert.deepEqual({ acked, replayed }, { acked: RECORDS, replayed: RECORDS })
  },
  TIMEOUT_MS,
)
