import type { AppendEntry } from '../history/history-index.js'
import { rangeOf } from '../history/ranges.js'
import type { JudgedLog } from './judged-log.js'

/**
 * Rule 3: when append A was acknowledged before append B was invoked, the id of A is lower than that of B. Appends whose
 * messages were rolled back are left out: their ids may be given out again.
 */
export function checkRealTime({ index, compareIds, report }: JudgedLog): void {
  const kept = ({ timeTick }: AppendEntry) =>
    timeTick === undefined || rangeOf(index.rolledBack, timeTick) === undefined
  const entries = [...index.appends.values()]
  const acked = entries
    .filter((entry) => entry.id !== undefined && kept(entry))
    .sort((a, b) => (a.settledAt as number) - (b.settledAt as number))
  let next = 0
  let highest: AppendEntry | undefined
  // Appends come in the order in which they were called, so the highest id acknowledged before each of them only rises.
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
      `Append "${entry.invoked.append}" was invoked after "${highest.invoked.append}" was acked, but does not have the greater id.`,
      highest.settled,
      entry.invoked,
      entry.id === undefined ? entry.delivery?.event : entry.settled,
    )
  }
}
