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
  /** Default: numbers in base 36. */
  readonly compareIds?: CompareIds
}

/**
 * Decides by the seven rules of `docs/guarantees.md` in O(n log n). The order of `events` is the order in which they happened.
 * Throws `WAL_INVALID_ARGUMENT` for a history that contradicts itself (an ack of what was never invoked, two outcomes).
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
    const index = indexHistory(log)
    checkOutcomes(index, compareIds, report)
    checkMissing(index, report)
    checkValues(index, compareIds, report)
    checkRealTime(index, compareIds, report)
    checkWriters(index, compareIds, report)
    checkRanges(index, report)
  }
  return violations.sort((a, b) => a.rule - b.rule || first(a) - first(b))
}

const first = ({ events }: Violation): number => events[0]?.sequence ?? 0
