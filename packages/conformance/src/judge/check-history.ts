import { type CompareIds, compareNumberIds } from '../history/compare-ids.js'
import type { HistoryEvent } from '../history/history-event.js'
import { indexHistory } from '../history/history-index.js'
import type { Report, Violation } from '../history/violation.js'
import { checkMissing } from './missing.js'
import { checkOutcomes } from './outcomes.js'
import { checkRanges } from './ranges.js'
import { checkRealTime } from './real-time.js'
import { checkValues } from './values.js'
import { checkWriters } from './writers.js'

export interface CheckHistoryOptions {
  /** How to compare message ids. Default: as whole numbers in base 36. */
  readonly compareIds?: CompareIds
}

/**
 * Answers which of the seven rules of `docs/guarantees.md` a history breaks, in O(n log n) time. The order of `events` is the
 * order in which they happened. Throws `WAL_INVALID_ARGUMENT` for a history that contradicts itself, such as one with an
 * acknowledgement of an append that was never invoked.
 */
export function checkHistory(
  events: readonly HistoryEvent[],
  options: CheckHistoryOptions = {},
): Violation[] {
  const compareIds = options.compareIds ?? compareNumberIds
  const violations: Violation[] = []
  const report: Report = (rule, text, ...named) => {
    const place = new Map(
      named.filter((event) => event !== undefined).map((event) => [event.sequence, event]),
    )
    violations.push({ rule, text, events: [...place.values()].sort((a, b) => a.sequence - b.sequence) })
  }
  const logs = new Map<string | undefined, HistoryEvent[]>()
  for (const event of events) {
    const log = logs.get(event.log)
    if (log === undefined) logs.set(event.log, [event])
    else log.push(event)
  }
  for (const log of logs.values()) {
    const judged = { index: indexHistory(log), compareIds, report }
    checkOutcomes(judged)
    checkMissing(judged)
    checkValues(judged)
    checkRealTime(judged)
    checkWriters(judged)
    checkRanges(judged)
  }
  return violations.sort((a, b) => a.rule - b.rule || first(a) - first(b))
}

const first = ({ events }: Violation): number => events[0]?.sequence ?? 0
