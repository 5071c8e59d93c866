import { existsSync, readFileSync } from 'node:fs'

/**
 * Sums up a vitest run, from its JSON report and its exit code. A file that could not be loaded has no tests to count, and an
 * unhandled error belongs to no test. Both have to count as failures nevertheless.
 */
export function summarize(reportFile, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const reported = existsSync(reportFile)
  if (reported) {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'))
    counts.passed = report.numPassedTests
    counts.failed = report.numFailedTests + report.testResults.filter(failedWithoutTests).length
    counts.skipped = report.numPendingTests + (report.numTodoTests ?? 0)
  }
  if ((exitCode !== 0 || !reported) && counts.failed === 0) counts.failed = 1
  return counts
}

function failedWithoutTests(file) {
  return file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')
}

export function add(total, counts) {
  for (const kind of Object.keys(total)) total[kind] += counts[kind]
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
