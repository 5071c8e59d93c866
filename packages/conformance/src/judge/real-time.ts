import type { CompareIds } from '../history/compare-ids.js'
import type { AppendEntry, HistoryIndex } from '../history/history-index.js'
import { rangeOf } from '../history/ranges.js'
import type { Report } from '../history/violation.js'

/** Rule 3: ack(A) before invoke(B) ⇒ id(A) < id(B). What was rolled back has no place in the order any more. */
export function checkRealTime(index: HistoryIndex, compareIds: CompareIds, report: Report): void {
  const kept = ({ timeTick }: AppendEntry) =>
    timeTick === undefined || rangeOf(index.rolledBack, timeTick) === undefined
  const entries = [...index.appends.values()]
  const acked = entries
    .filter((entry) => entry.id !== undefined && kept(entry))
    .sort((a, b) => (a.settledAt as number) - (b.settledAt as number))
  let next = 0
  let highest: AppendEntry | undefined
  // `entries` are in the order in which they were invoked.
  for (const entry of entries) {
    for (
      ;
      next < acked.length && ((acked[next] as AppendEntry).settledAt as number) < entry.invokedAt;
      next++
    ) {
      const candidate = acked[next] as AppendEntry
      if (highest === undefined || compareIds(candidate.id as string, highest.id as string) > 0)
        highest = candidate
    }
    const id = entry.id ?? entry.delivery?.event.id
    if (id === undefined || highest === undefined || !kept(entry)) continue
    if (compareIds(id, highest.id as string) > 0) continue
    report(
      3,
      `Append "${entry.invoked.append}" was invoked after "${highest.invoked.append}" was acked, but its id is not greater.`,
      highest.settled,
      entry.invoked,
      entry.id === undefined ? entry.delivery?.event : entry.settled,
    )
  }
}
