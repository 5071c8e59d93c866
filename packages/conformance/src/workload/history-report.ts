import type { Violation } from '../history/violation.js'
import { oneLineEach, withoutNames } from '../kit/one-line-each.js'

export function historyReport(violations: readonly Violation[]): string[] {
  return oneLineEach(
    violations,
    ({ rule, text }) => `${rule} ${withoutNames(text)}`,
    ({ rule, text, events }, times) => `Rule ${rule} is broken ${times}: ${text} ${JSON.stringify(events)}`,
  )
}
