import type { AppendEntry, DeliveryEntry, HistoryIndex, ScannerEntry } from '../history/history-index.js'
import { countWhile, rangeOf } from '../history/ranges.js'
import type { Rule } from '../history/violation.js'
import type { JudgedLog } from './judged-log.js'
import { supersededAt } from './writers.js'

/** A message that every scanner has to be given that comes past its time tick. */
interface Due {
  readonly key: string
  readonly tick: bigint
  readonly append: AppendEntry | undefined
  readonly delivery: DeliveryEntry | undefined
}

/** A message that a scanner was not given, although the scanner came past its time tick. */
interface Missing {
  readonly message: Due
  readonly scanner: ScannerEntry
  /** Whether a writer of a higher term opened after the message's writer. */
  readonly superseded: boolean
  /** The transactions of the messages that the scanner was given. */
  readonly transactions: ReadonlySet<string | undefined>
}

/**
 * Looks for messages that a scanner came past without being given them. Which rule that breaks depends on the message: 1 when
 * it was acknowledged, 4 when its outcome was unknown, 5 when only some scanners treated it as void, 6 when it belongs to a
 * transaction of which other messages were delivered, 7 when it lies in a range that was truncated.
 */
export function checkMissing({ index, report }: Omit<JudgedLog, 'compareIds'>): void {
  const newerOpened = supersededAt(index)
  const dueIn = dueMessages(index)
  for (const scanner of index.scanners.values()) {
    const due = dueIn(scanner.started.vchannel)
    const transactions = new Set(scanner.deliveries.map(({ append }) => append?.invoked.transaction))
    const lowest = startOf(index, scanner)
    for (let i = countWhile(due, ({ tick }) => tick <= lowest); i < due.length; i++) {
      const message = due[i] as Due
      if (message.tick > scanner.reached && message.tick >= scanner.highest) break
      if (scanner.byKey.has(message.key) || beforeLatest(scanner, message)) continue
      const superseded = message.append !== undefined && newerOpened(message.append.invoked.writer) < Infinity
      judge({ index, report }, { message, scanner, superseded, transactions })
    }
  }
}

function judge(
  { index, report }: Omit<JudgedLog, 'compareIds'>,
  { message: { append, delivery, tick }, scanner, superseded, transactions }: Missing,
): void {
  if (rangeOf(index.rolledBack, tick) !== undefined) return
  const passed =
    scanner.deliveries[countWhile(scanner.deliveries, (other) => other.tick <= tick)]?.at ?? Infinity
  const truncated = tick <= index.truncateInvoked.before(passed)
  const gap = scanner.gaps.find(({ range }) => tick > range.after && tick <= range.upTo)
  if (gap !== undefined && truncated) return
  const name = append === undefined ? `The message at time tick ${tick}` : `Append "${append.invoked.append}"`
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
  if (gap !== undefined) tell(1, `was reported to ${scannerName} as gone, but nobody removed it.`)
  else if (truncated) tell(7, `was truncated; ${scannerName} went on behind it without reporting a gap.`)
  else if (transaction !== undefined && transactions.has(transaction))
    tell(6, `was not delivered to ${scannerName}, but other messages of transaction "${transaction}" were.`)
  else if (append?.outcome === 'written')
    tell(append.resolved ? 4 : 1, `was written, but ${scannerName} went on behind it without delivering it.`)
  else if (append === undefined || superseded)
    tell(5, `was delivered to one scanner, but ${scannerName} treated it as void.`)
  else tell(4, `was delivered to one scanner, but not to ${scannerName}.`)
}

/** The messages that a scanner of one vchannel, or of all when undefined, has to be given, in the order of their time ticks. */
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

/** The time tick at which the scanner started: it has to be given only messages above. */
function startOf(index: HistoryIndex, { started, startedAt, firstAt }: ScannerEntry): bigint {
  if (started.start === 'all') return index.truncateInvoked.before(firstAt)
  if (started.start === 'latest') return index.acked.before(startedAt)
  return 'from' in started.start ? BigInt(started.start.from) - 1n : BigInt(started.start.after)
}

/**
 * Whether a `latest` scanner may have started behind this message. Such a scanner has to be given every message whose append
 * was called after the scanner was ready, and every message behind the first one that it was given. A message whose append was
 * under way when the scanner became ready may lie before or behind the scanner's start.
 */
function beforeLatest({ started, startedAt, deliveries }: ScannerEntry, { append, tick }: Due): boolean {
  if (started.start !== 'latest' || (append !== undefined && append.invokedAt > startedAt)) return false
  const first = deliveries[0]
  return first === undefined || tick < first.tick
}
