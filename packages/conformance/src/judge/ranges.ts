import type { DeliveryEntry, HistoryIndex, ScannerEntry } from '../history/history-index.js'
import { type Range, rangeOf } from '../history/ranges.js'
import type { Report } from '../history/violation.js'
import type { JudgedLog } from './judged-log.js'

/**
 * Rule 7, for deliveries: no message of a truncated or lost range may be delivered after the range was announced. Nor may a
 * message behind such a range be delivered to a scanner that had read beyond the range's beginning and reported no gap.
 * Messages that are missing without a report are found by `checkMissing`.
 */
export function checkRanges({ index, report }: Omit<JudgedLog, 'compareIds'>): void {
  for (const scanner of index.scanners.values()) {
    checkTruncated(index, scanner, report)
    if (index.rolledBack.length > 0) checkRolledBack(index, scanner, report)
  }
}

function checkTruncated(index: HistoryIndex, scanner: ScannerEntry, report: Report): void {
  const { started, startedAt, deliveries, gaps } = scanner
  const point = index.truncated.before(startedAt)
  if (point < 0n) return
  const below = deliveries.find(({ tick }) => tick <= point)
  if (below !== undefined) {
    report(7, `A message at or below the truncation point ${point} was delivered.`, started, below.event)
    return
  }
  if (typeof started.start === 'string') return
  const silent =
    'from' in started.start ? BigInt(started.start.from) <= point : BigInt(started.start.after) < point
  const first = deliveries[0]
  if (silent && first !== undefined && !gaps.some(({ at }) => at < first.at))
    report(
      7,
      `A scanner that began below the truncation point ${point} was given messages and reported no gap.`,
      started,
      first.event,
    )
}

function checkRolledBack(index: HistoryIndex, scanner: ScannerEntry, report: Report): void {
  let lost: { readonly range: Range; readonly delivery: DeliveryEntry } | undefined
  for (const delivery of scanner.deliveries) {
    const range = rangeOf(index.rolledBack, delivery.tick)
    const { event, at, tick } = delivery
    if (range !== undefined) {
      if (isAnnounced(index, tick, scanner.startedAt))
        report(7, 'A message of a range that was rolled back was delivered.', scanner.started, event)
      lost = { range, delivery }
    } else if (lost !== undefined && tick > lost.range.upTo) {
      const { delivery: known } = lost
      if (!scanner.gaps.some((gap) => gap.event.reason === 'rolled-back' && gap.at > known.at && gap.at < at))
        report(
          7,
          'A scanner that had been given messages of a range went on behind that range after it was rolled back, and reported no gap.',
          known.event,
          event,
        )
      lost = undefined
    }
  }
}

/**
 * Whether the loss of this time tick was announced before the event with the index `before`. A log may lose its end several
 * times at one place, so these ranges may touch or overlap, and are not merged.
 */
function isAnnounced({ announced }: HistoryIndex, tick: bigint, before: number): boolean {
  return announced.some(({ after, upTo, at }) => at < before && tick > after && tick <= upTo)
}
