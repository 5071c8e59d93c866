import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closingLine, summarize } from '../vitest-report.mjs'

const folder = mkdtempSync(join(tmpdir(), 'wal-report-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'report.json')
const passedFile = { status: 'passed', assertionResults: [{ status: 'passed' }] }

function summary(report: object, exitCode: number) {
  const empty = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }
  writeFileSync(file, JSON.stringify({ ...empty, ...report }))
  return summarize(file, exitCode)
}

describe('what a vitest run comes to', () => {
  test('passed, failed, skipped and to-do tests', () => {
    const counts = { numPassedTests: 5, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 }
    expect(summary(counts, 1)).toEqual({ passed: 5, failed: 2, skipped: 2 })
  })
  test('a file that did not load is a failure', () => {
    const broken = { status: 'failed', assertionResults: [] }
    const report = { numPassedTests: 1, testResults: [passedFile, broken] }
    expect(summary(report, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
  test('a failing exit without a failed test is a failure', () => {
    const report = { numPassedTests: 1, testResults: [passedFile] }
    expect(summary(report, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
  test('no report at all is a failure, whatever the exit code', () => {
    expect(summarize(join(folder, 'absent.json'), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
})

test('the closing line names skipped tests only if there are any', () => {
  expect(closingLine({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed')
  expect(closingLine({ passed: 2, failed: 1, skipped: 3 })).toBe('2 passed, 1 failed, 3 skipped')
})
