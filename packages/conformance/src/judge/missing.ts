import type { AppendEntry, DeliveryEntry, HistoryIndex, ScannerEntry } from '../history/history-index.js'
import { countWhile, rangeOf } from '../history/ranges.js'
import type { Report, Rule } from '../history/violation.js'
import { supersededAt } from './writers.js'

/** A message that every scanner which passes its time tick has to deliver. */
interface Due {
  readonly key: string
  readonly tick: bigint
  readonly append: AppendEntry | undefined
  readonly delivery: DeliveryEntry | undefined
}

/** What a scanner passed without delivering it: rules 1, 4, 5 (what is void), 6 and, in a range that is gone, 7. */
export function checkMissing(index: HistoryIndex, report: Report): void {
  const newerOpened = supersededAt(index)
  const dueIn = dueMessages(index)
  for (const scanner of index.scanners.values()) {
    const due = dueIn(scanner.started.vchannel)
    const transactions = new Set(scanner.deliveries.map(({ append }) => append?.invoked.transaction))
    const lowest = start(index, scanner)
    for (let i = countWhile(due, ({ tick }) => tick <= lowest); i < due.length; i++) {
      const message = due[i] as Due
      if (message.tick > scanner.reached && message.tick >= scanner.highest) break
      if (scanner.byKey.has(message.key) || beforeLatest(scanner, message)) continue
      const superseded = message.append !== undefined && newerOpened(message.append.invoked.writer) < Infinity
      judge(index, scanner, message, { superseded, transactions }, report)
    }
  }
}

function judge(
  index: HistoryIndex,
  scanner: ScannerEntry,
  { append, delivery, tick }: Due,
  known: { readonly superseded: boolean; readonly transactions: ReadonlySet<string | undefined> },
  report: Report,
): void {
  if (rangeOf(index.rolledBack, tick) !== undefined) return
  const passed =
    scanner.deliveries[countWhile(scanner.deliveries, (other) => other.tick <= tick)]?.at ?? Infinity
  const truncated = tick <= index.truncateInvoked.before(passed)
  const gap = scanner.gaps.find(({ range }) => tick > range.after && tick <= range.upTo)
  if (gap !== undefined && truncated) return
  const name = append === undefined ? `The message at ${tick}` : `Append "${append.invoked.append}"`
  const tell = (rule: Rule, text: string) =>
    report(
      rule,
      `${name} ${text}`,
      append?.settled ?? append?.invoked,
      delivery?.event,
      gap?.event,
      scanner.started,
    )
  const scannerName = `scanner "${scanner.started.scanner}"`
  const transaction = append?.invoked.transaction
  if (gap !== undefined) tell(1, `was announced to ${scannerName} as gone, but nobody removed it.`)
  else if (truncated) tell(7, `is in a truncated range; ${scannerName} passed over it and was not told.`)
  else if (transaction !== undefined && known.transactions.has(transaction))
    tell(6, `is missing in ${scannerName}, which delivered other messages of transaction "${transaction}".`)
  else if (append?.outcome === 'written')
    tell(append.resolved ? 4 : 1, `was written, but ${scannerName} passed it without delivering it.`)
  else if (append === undefined || known.superseded)
    tell(5, `was delivered to one scanner and void for ${scannerName}.`)
  else tell(4, `was delivered to one scanner, but not to ${scannerName}.`)
}

/** In order of time tick; by vchannel for scanners that deliver one only. */
function dueMessages(index: HistoryIndex): (vchannel: string | undefined) => readonly Due[] {
  const all: Due[] = []
  for (const append of index.appends.values()) {
    const { invoked, delivery } = append
    if (invoked.commit || append.outcome === 'not-written') continue
    const commit = invoked.transaction === undefined ? append : index.commits.get(invoked.transaction)
    if (commit === undefined || commit.outcome === 'not-written') continue
    const settled = append.outcome === 'written' ? commit.timeTick : undefined
    const tick = settled ?? delivery?.tick
    if (tick !== undefined) all.push({ key: `append ${invoked.append}`, tick, append, delivery })
  }
  const unnamed = new Set<string>()
  for (const { deliveries } of index.scanners.values()) {
    for (const delivery of deliveries) {
      if (delivery.append !== undefined || unnamed.has(delivery.key)) continue
      unnamed.add(delivery.key)
      all.push({ key: delivery.key, tick: delivery.tick, append: undefined, delivery })
    }
  }
  all.sort((a, b) => (a.tick < b.tick ? -1 : a.tick > b.tick ? 1 : 0))
  const byVChannel = new Map<string | undefined, Due[]>([[undefined, all]])
  for (const due of all) {
    const vchannel = due.append?.invoked.vchannel
    if (vchannel === undefined) continue
    const list = byVChannel.get(vchannel)
    if (list === undefined) byVChannel.set(vchannel, [due])
    else list.push(due)
  }
  return (vchannel) => byVChannel.get(vchannel) ?? []
}

/** What is due lies above it. */
function start(index: HistoryIndex, { started, startedAt, firstAt }: ScannerEntry): bigint {
  if (started.start === 'all') return index.truncateInvoked.before(firstAt)
  if (started.start === 'latest') return index.acked.before(startedAt)
  return 'from' in started.start ? BigInt(started.start.from) - 1n : BigInt(started.start.after)
}

/** `latest` owes what began after it was ready, and all behind the first that it delivered. */
function beforeLatest({ started, startedAt, deliveries }: ScannerEntry, { append, tick }: Due): boolean {
  if (started.start !== 'latest' || (append !== undefined && append.invokedAt > startedAt)) return false
  const first = deliveries[0]
  return first === undefined || tick < first.tick
}
