import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { environment, installedScript } from '../bootstrap.mjs'
import { run } from '../children.mjs'

/** Time limits for a test file. They catch mutants that make a test wait forever. */
const TEST_LIMIT_MS = 20_000
const HARNESS_LIMIT_MS = 2 * 60_000
/** A fixed seed for the random tests. Otherwise the same mutant could be caught in one run and not in the next. */
const SEED = process.env.WAL_TEST_SEED ?? '1'

/**
 * Runs one test file in a working copy. Answers `green`; `red` with the name of the first test that failed; or `broken` when
 * the file could not be loaded, which proves nothing.
 */
export async function runHarness(copy, harness) {
  const report = join(copy.root, 'harness-report.json')
  rmSync(report, { force: true })
  const { code, output, timedOut } = await run(
    process.execPath,
    [
      installedScript('vitest/vitest.mjs'),
      'run',
      harness,
      '--bail=1',
      `--testTimeout=${TEST_LIMIT_MS}`,
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    { cwd: copy.root, env: { ...environment(), WAL_TEST_SEED: SEED }, limitMs: HARNESS_LIMIT_MS },
  )
  if (timedOut) return { result: 'red', by: `no end within ${HARNESS_LIMIT_MS / 60_000} minutes`, output }
  return { ...readReport(report, code), output }
}

/** The result of a run, from vitest's JSON report and exit code. */
export function readReport(file, code) {
  const broken = { result: 'broken', by: 'no test ran' }
  if (!existsSync(file)) return broken
  const { testResults, numTotalTests } = JSON.parse(readFileSync(file, 'utf8'))
  if (numTotalTests === 0) return broken
  if (code === 0) return { result: 'green', by: '' }
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed')
  return { result: 'red', by: failed?.title ?? 'an error outside the tests' }
}
