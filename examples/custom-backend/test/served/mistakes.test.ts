import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PartName, runConformance } from '@wal/conformance'
import { openWal } from '@wal/core'
import { afterAll, test } from 'vitest'
import { DatabaseServer } from './database-server.js'
import type { Mistakes } from './mistakes.js'
import { servedBuilder } from './served-backend.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-mistakes-'))
const caught: string[] = []
afterAll(() => {
  rmSync(directory, { recursive: true })
  console.log(caught.join('\n'))
})

/** Runs a part of the kit over the backend with this mistake, and fails unless the kit's test of this name fails. */
async function assertCaught(mistakes: Mistakes, part: PartName, name: RegExp, said: RegExp): Promise<void> {
  const server = new DatabaseServer(Number(process.env.WAL_TEST_SEED ?? 1))
  const backend = {
    openWal,
    builder: servedBuilder(server, mistakes),
    options: { directory },
    disturb: () => server.disturb(),
    crash: () => server.crash(),
    patienceMs: 20_000,
  }
  const failed = (await runConformance(backend, [part])).filter(({ error }) => error !== undefined)
  const [mistake] = Object.keys(mistakes)
  caught.push(`${mistake} → ${failed.map((each) => `${each.part}: ${each.name}`).join(' | ')}`)
  const found = failed.find((each) => name.test(each.name))
  assert.match(String(found?.error), said)
}

test('H176: a backend that looks its fence up before it stores fails the part takeover', async () => {
  const said = /acked behind a newer writer’s opening record/
  await assertCaught(
    { fenceLookedUpBefore: true },
    'takeover',
    /^no record of a writer at full speed is acked or stored behind/,
    said,
  )
})

test('H177: a backend that draws ids before it locks the log fails the part takeover', async () => {
  const said = /Reader [0-9] passed over "writer/
  await assertCaught(
    { idsDrawnBeforeLock: true },
    'takeover',
    /^readers that follow a writer at full speed/,
    said,
  )
})

test('H178: a backend that goes on behind a batch whose connection broke fails the part disturbed', async () => {
  const said = /was acked behind a failed batch/
  await assertCaught(
    { goesOnBehindFailure: true },
    'disturbed',
    /^each batch has a true outcome and none is stored behind/,
    said,
  )
})

test('H179: a backend that says not-written where its connection broke fails the part disturbed', async () => {
  const said = /was rejected as not written, and is stored/
  await assertCaught(
    { deniesLostBatch: true },
    'disturbed',
    /^each batch has a true outcome and none is stored behind/,
    said,
  )
})

test('H180: a backend whose readers trust that every wake-up reaches them fails the part tail', async () => {
  const said = /a scanner was not woken by a record stored before next is called/
  await assertCaught(
    { trustsWakeUps: true },
    'tail',
    /^a record that is stored just when a scanner comes to the end/,
    said,
  )
})
