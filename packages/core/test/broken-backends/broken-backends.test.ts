import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type ConformanceResult, PART_NAMES, runConformance } from '@wal/conformance'
import { memoryBuilder } from '@wal/core/testing'
import { expect, test } from 'vitest'
import { isTimeOut, kitFailure } from '../../../../tools/errors-page/kit-failure.js'
import { type KitVerdict, kitPage } from '../../../../tools/errors-page/kit-page.js'
import { openWal } from '../../src/index.js'
import { brokenAnswers } from './broken-answers.js'
import { brokenAppends } from './broken-append.js'
import type { BrokenBackend } from './broken-backend.js'
import { brokenCopies } from './broken-copies.js'
import { brokenHoles } from './broken-holes.js'
import { brokenIdlers } from './broken-idlers.js'
import { brokenLifetimes, scrubbedLogin } from './broken-lifetimes.js'
import { brokenReads } from './broken-reads.js'
import { brokenScanners } from './broken-scanners.js'
import { brokenSizes } from './broken-sizes.js'
import { brokenUnderStrikes } from './broken-under-strikes.js'

const brokenBackends: BrokenBackend[] = [
  ...brokenAppends,
  ...brokenAnswers,
  ...brokenReads,
  ...brokenScanners,
  ...brokenSizes,
  ...brokenLifetimes,
  ...brokenUnderStrikes,
  ...brokenCopies,
  ...brokenHoles,
  ...brokenIdlers,
]

const caught = new Map<string, KitVerdict>()

const failures = (results: readonly ConformanceResult[]) => results.filter(({ error }) => error !== undefined)

for (const { name, part, builder, ...more } of brokenBackends)
  test.concurrent(`a backend that ${name} fails the part ${part}`, async () => {
    // A short time limit is enough: a call that hangs here is one that was broken on purpose.
    const backend = { openWal, builder, options: { name: 'broken' }, patienceMs: 3000, seed: 1, ...more }
    const failed = failures(await runConformance(backend, [part]))
    assert.ok(failed.length > 0, 'nobody noticed')
    const shown = failed.map(({ name: test, error }) => ({
      test,
      text: kitFailure(error, test),
      late: isTimeOut(error),
    }))
    const foundFirst = shown.sort((one, other) => Number(one.late) - Number(other.late))
    caught.set(name, { part, backend: name, failures: foundFirst })
  })

test('the unbroken memory backend fails no test of the kit, and neither does a failed login that shows no secret', async () => {
  const backend = { openWal, builder: memoryBuilder(), options: { name: 'whole' } }
  assert.deepEqual(failures(await runConformance(backend)), [])
  const failedLogin = { password: 'hunter2' }
  const login = { openWal, builder: scrubbedLogin, options: { name: 'whole' }, failedLogin }
  assert.deepEqual(failures(await runConformance(login, ['secrets'])), [])
})

test('every part except processes has a broken backend that fails it', () => {
  const covered = new Set<string>(brokenBackends.map(({ part }) => part))
  // Another process cannot see an in-memory backend. The tests of other backends show that this part finds mistakes.
  assert.deepEqual(
    PART_NAMES.filter((part) => !covered.has(part)),
    ['processes'],
  )
})

test('docs/errors-of-the-kit.md shows what the kit says of each broken backend', async () => {
  const verdicts = brokenBackends.map(({ name }) => caught.get(name) ?? assert.fail(`${name}: not run`))
  const page = fileURLToPath(new URL('../../../../docs/errors-of-the-kit.md', import.meta.url))
  const before = existsSync(page) ? readFileSync(page, 'utf8') : ''
  await expect(kitPage(PART_NAMES, verdicts, before)).toMatchFileSnapshot(page)
})
