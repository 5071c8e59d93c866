import type { CompareIds } from '../history/compare-ids.js'
import type { AppendEntry, DeliveryEntry, HistoryIndex, ScannerEntry } from '../history/history-index.js'
import { rangeOf } from '../history/ranges.js'
import type { Report } from '../history/violation.js'

/** What is wrong with the deliveries that are there: rules 1 and 4, and of transactions 6. */
export function checkOutcomes(index: HistoryIndex, compareIds: CompareIds, report: Report): void {
  const hashes = new Set([...index.appends.values()].map(({ invoked }) => invoked.payloadHash))
  for (const scanner of index.scanners.values()) {
    for (const delivery of scanner.deliveries) {
      const { append, event } = delivery
      if (append !== undefined) checkDelivery(index, scanner, delivery, append, compareIds, report)
      else if (event.append !== undefined || !hashes.has(event.payloadHash))
        report(4, 'A message was delivered that nobody appended.', event)
    }
    checkContiguous(scanner, report)
  }
}

function checkDelivery(
  index: HistoryIndex,
  scanner: ScannerEntry,
  delivery: DeliveryEntry,
  append: AppendEntry,
  compareIds: CompareIds,
  report: Report,
): void {
  const { event, tick, key } = delivery
  const { invoked, settled, outcome, id } = append
  const name = `Append "${invoked.append}"`
  const acked = outcome === 'written' && !append.resolved
  const rule = acked ? 1 : 4
  const earlier = scanner.byKey.get(key)
  if (earlier !== undefined && earlier !== delivery) {
    report(rule, `${name} was delivered twice to one scanner.`, earlier.event, event)
    return
  }
  const commit = invoked.transaction === undefined ? undefined : index.commits.get(invoked.transaction)
  // Who asks when it was delivered and then lost hears that it is not there, and that it is lost is told by rule 7.
  const lost = append.resolved && rangeOf(index.rolledBack, tick) !== undefined
  if (invoked.commit || (outcome === 'not-written' && !lost))
    report(4, `${name} was ${invoked.commit ? 'a commit' : 'not written'}, but delivered.`, settled, event)
  else if (invoked.transaction !== undefined && (commit === undefined || commit.outcome === 'not-written'))
    report(6, `${name} was delivered though its transaction was not committed.`, commit?.settled, event)
  else if (acked && id !== undefined && compareIds(event.id, id) > 0)
    report(rule, `${name} was delivered behind its id, not at its first stored copy.`, settled, event)
  else if (invoked.transaction === undefined && append.timeTick !== undefined && append.timeTick !== tick)
    report(rule, `${name} was delivered at another time tick than it was given.`, settled, event)
  else if (commit?.timeTick !== undefined && commit.timeTick !== tick)
    report(6, `${name} was not delivered at its commit’s time tick.`, commit.settled, event)
  else if (acked && ![id, append.delivery?.event.id].includes(event.id) && append.delivery?.event.id !== id)
    // The acked id, or that of the first copy. Which id a writer's buffer has for an unknown one, nobody was told.
    report(rule, `${name} was delivered at two ids.`, append.delivery?.event, event)
  else if (append.delivery !== undefined && append.delivery.tick !== tick)
    report(rule, `${name} was delivered at two time ticks.`, append.delivery.event, event)
}

/** A transaction's messages come one behind the other, at one time tick. */
function checkContiguous({ deliveries }: ScannerEntry, report: Report): void {
  const left = new Map<string, DeliveryEntry>()
  let before: DeliveryEntry | undefined
  for (const delivery of deliveries) {
    const transaction = delivery.append?.invoked.transaction
    const last = before?.append?.invoked.transaction
    if (before !== undefined && last !== undefined) {
      if (last !== transaction) left.set(last, before)
      else if (before.tick !== delivery.tick)
        report(6, `Transaction "${last}" was delivered at two time ticks.`, before.event, delivery.event)
    }
    const part = transaction === undefined ? undefined : left.get(transaction)
    if (part !== undefined)
      report(6, `Transaction "${transaction}" was delivered in parts.`, part.event, delivery.event)
    before = delivery
  }
}
