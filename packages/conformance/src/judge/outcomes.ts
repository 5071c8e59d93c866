import type { AppendEntry, DeliveryEntry, ScannerEntry } from '../history/history-index.js'
import { rangeOf } from '../history/ranges.js'
import type { Report } from '../history/violation.js'
import type { JudgedLog } from './judged-log.js'

/** Compares each delivery with the outcome of its append: rules 1 and 4, and rule 6 for messages of transactions. */
export function checkOutcomes(log: JudgedLog): void {
  const { index, report } = log
  const hashes = new Set([...index.appends.values()].map(({ invoked }) => invoked.payloadHash))
  for (const scanner of index.scanners.values()) {
    for (const delivery of scanner.deliveries) {
      const { append, event } = delivery
      if (append !== undefined) checkDelivery(log, scanner, { ...delivery, append })
      else if (event.append !== undefined || !hashes.has(event.payloadHash))
        report(4, 'A message was delivered that nobody appended.', event)
    }
    checkContiguous(scanner, report)
  }
}

function checkDelivery(
  { index, compareIds, report }: JudgedLog,
  scanner: ScannerEntry,
  { append, event, tick, key }: DeliveryEntry & { readonly append: AppendEntry },
): void {
  const { invoked, settled, outcome, id } = append
  const name = `Append "${invoked.append}"`
  const acked = outcome === 'written' && !append.resolved
  const rule = acked ? 1 : 4
  const earlier = scanner.byKey.get(key)
  if (earlier !== undefined && earlier.event !== event) {
    report(rule, `${name} was delivered twice to one scanner.`, earlier.event, event)
    return
  }
  const commit = invoked.transaction === undefined ? undefined : index.commits.get(invoked.transaction)
  // A message may be delivered, then lost with the log's end, then resolved as not written. No rule is broken by that; rule 7
  // asks whether the scanner was told of the loss.
  const lost = append.resolved && rangeOf(index.rolledBack, tick) !== undefined
  if (invoked.commit || (outcome === 'not-written' && !lost))
    report(4, `${name} was ${invoked.commit ? 'a commit' : 'not written'}, but delivered.`, settled, event)
  else if (invoked.transaction !== undefined && (commit === undefined || commit.outcome === 'not-written'))
    report(6, `${name} was delivered, though its transaction was not committed.`, commit?.settled, event)
  else if (acked && id !== undefined && compareIds(event.id, id) > 0)
    report(rule, `${name} was delivered at a higher id than the append answered.`, settled, event)
  else if (invoked.transaction === undefined && append.timeTick !== undefined && append.timeTick !== tick)
    report(rule, `${name} was delivered at another time tick than the append answered.`, settled, event)
  else if (commit?.timeTick !== undefined && commit.timeTick !== tick)
    report(6, `${name} was not delivered at the time tick of its commit.`, commit.settled, event)
  else if (acked && ![id, append.delivery?.event.id].includes(event.id) && append.delivery?.event.id !== id)
    // A delivery may have the id that the append returned, or that of the message's first stored copy. An append that was not
    // acknowledged returned no id, so its deliveries are not compared.
    report(rule, `${name} was delivered at two ids.`, append.delivery?.event, event)
  else if (append.delivery !== undefined && append.delivery.tick !== tick)
    report(rule, `${name} was delivered at two time ticks.`, append.delivery.event, event)
}

/** The messages of a transaction have to be delivered one directly behind the other, at one time tick. */
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
      report(
        6,
        `Other messages were delivered between those of transaction "${transaction}".`,
        part.event,
        delivery.event,
      )
    before = delivery
  }
}
