import { invalidArgument } from '@wal/walimpls'
import type {
  AppendInvoked,
  Delivered,
  HistoryEvent,
  Opened,
  ScannerGap,
  ScannerStarted,
} from './history-event.js'
import { mergeRanges, Peak, type Range } from './ranges.js'

export interface AppendEntry {
  readonly invoked: AppendInvoked & HistoryEvent
  /** The index in the history of the event that says that the append was called. */
  readonly invokedAt: number
  outcome: 'written' | 'not-written' | 'unknown'
  /** Whether `resolve` told the outcome, and not the append itself. */
  resolved: boolean
  settled?: HistoryEvent
  settledAt?: number
  id?: string
  timeTick?: bigint
  /** The first delivery of the message to any scanner. */
  delivery?: DeliveryEntry
}

export interface DeliveryEntry {
  readonly event: Delivered & HistoryEvent
  readonly at: number
  readonly tick: bigint
  readonly append: AppendEntry | undefined
  /** A key that is equal for all deliveries of one message, also when scanners are given different stored copies of it. */
  readonly key: string
}

export interface ScannerEntry {
  readonly started: ScannerStarted & HistoryEvent
  readonly startedAt: number
  readonly deliveries: DeliveryEntry[]
  readonly byKey: Map<string, DeliveryEntry>
  readonly gaps: { readonly event: ScannerGap & HistoryEvent; readonly at: number; readonly range: Range }[]
  /** The scanner has been given everything up to this time tick: the highest of its `scanner-reached` events. */
  reached: bigint
  /** The highest time tick delivered to the scanner, which has therefore been given everything below. */
  highest: bigint
  /** The index of the scanner's first `delivered` or `scanner-reached` event. */
  firstAt: number
}

export interface HistoryIndex {
  readonly appends: Map<string, AppendEntry>
  readonly commits: Map<string, AppendEntry>
  readonly scanners: Map<string, ScannerEntry>
  readonly opened: { readonly event: Opened & HistoryEvent; readonly at: number }[]
  readonly fencedAt: Map<string, number>
  readonly truncateInvoked: Peak
  readonly truncated: Peak
  /** The highest time tick that was acknowledged before a given event of the history. */
  readonly acked: Peak
  /** The ranges of time ticks that the log lost; ranges that overlap are merged. */
  readonly rolledBack: readonly Range[]
  /** The ranges of time ticks that the log lost, not merged, each with the index of the event that announced it. */
  readonly announced: readonly (Range & { readonly at: number })[]
}

export const writerKey = (writer: { readonly term: number; readonly incarnation: string }): string =>
  `${writer.term}/${writer.incarnation}`

export function indexHistory(events: readonly HistoryEvent[]): HistoryIndex {
  const announced: (Range & { readonly at: number })[] = []
  const index = {
    appends: new Map<string, AppendEntry>(),
    commits: new Map<string, AppendEntry>(),
    scanners: new Map<string, ScannerEntry>(),
    opened: [] as HistoryIndex['opened'],
    fencedAt: new Map<string, number>(),
    truncateInvoked: new Peak(),
    truncated: new Peak(),
    acked: new Peak(),
  }
  events.forEach((event, at) => {
    if (event.kind === 'opened') index.opened.push({ event, at })
    else if (event.kind === 'fenced') {
      const key = writerKey(event.writer)
      if (!index.fencedAt.has(key)) index.fencedAt.set(key, at)
    } else if (event.kind === 'truncate-invoked') index.truncateInvoked.note(at, BigInt(event.timeTick))
    else if (event.kind === 'truncated') {
      index.truncateInvoked.note(at, BigInt(event.timeTick))
      index.truncated.note(at, BigInt(event.timeTick))
    } else if (event.kind === 'rolled-back') {
      announced.push({ after: BigInt(event.after), upTo: BigInt(event.upTo), at })
    } else noteAppend(index, event, at)
  })
  indexDeliveries(index, events)
  return { ...index, rolledBack: mergeRanges(announced), announced }
}

function noteAppend(
  index: Pick<HistoryIndex, 'appends' | 'commits' | 'acked'>,
  event: HistoryEvent,
  at: number,
) {
  if (event.kind === 'append-invoked') {
    if (index.appends.has(event.append))
      throw malformed(
        event,
        'names an append that was invoked before; every append needs a name of its own',
        event.append,
      )
    const entry: AppendEntry = { invoked: event, invokedAt: at, outcome: 'unknown', resolved: false }
    index.appends.set(event.append, entry)
    if (event.commit && event.transaction !== undefined) index.commits.set(event.transaction, entry)
    return
  }
  if (!event.kind.startsWith('append-')) return
  const settled = event as Extract<
    HistoryEvent,
    { readonly kind: `append-${string}`; readonly append: string }
  >
  const entry = index.appends.get(settled.append)
  if (entry === undefined)
    throw malformed(event, 'names an append without an earlier append-invoked event', settled.append)
  if (entry.outcome !== 'unknown')
    throw malformed(event, 'gives a second outcome to an append', settled.append)
  entry.settled = event
  entry.settledAt = at
  entry.resolved = settled.kind === 'append-resolved'
  if (settled.kind === 'append-ok' || (settled.kind === 'append-resolved' && settled.outcome === 'written')) {
    entry.outcome = 'written'
    entry.id = settled.id
    entry.timeTick = BigInt(settled.timeTick)
    index.acked.note(at, entry.timeTick)
  } else if (settled.kind !== 'append-unknown') entry.outcome = 'not-written'
}

/** Called when all appends are in the index, since a message may be delivered before the event that acknowledges its append. */
function indexDeliveries(index: Pick<HistoryIndex, 'appends' | 'scanners'>, events: readonly HistoryEvent[]) {
  const find = appendFinder(index.appends)
  events.forEach((event, at) => {
    if (event.kind === 'scanner-started') {
      if (index.scanners.has(event.scanner)) return
      index.scanners.set(event.scanner, {
        started: event,
        startedAt: at,
        deliveries: [],
        byKey: new Map(),
        gaps: [],
        reached: -1n,
        highest: -1n,
        firstAt: Number.POSITIVE_INFINITY,
      })
      return
    }
    if (event.kind !== 'delivered' && event.kind !== 'scanner-reached' && event.kind !== 'scanner-gap') return
    const scanner = index.scanners.get(event.scanner)
    if (scanner === undefined)
      throw malformed(event, 'names a scanner without an earlier scanner-started event', event.scanner)
    if (event.kind === 'scanner-gap') {
      const after = event.after === undefined ? -1n : BigInt(event.after)
      scanner.gaps.push({ event, at, range: { after, upTo: BigInt(event.upTo) } })
      return
    }
    scanner.firstAt = Math.min(scanner.firstAt, at)
    const tick = BigInt(event.timeTick)
    if (event.kind === 'scanner-reached') {
      if (tick > scanner.reached) scanner.reached = tick
      return
    }
    const append = find(event)
    const key = append === undefined ? `id ${event.id}` : `append ${append.invoked.append}`
    const entry: DeliveryEntry = { event, at, tick, append, key }
    scanner.deliveries.push(entry)
    if (!scanner.byKey.has(key)) scanner.byKey.set(key, entry)
    if (tick > scanner.highest) scanner.highest = tick
    if (append !== undefined) append.delivery ??= entry
  })
}

function appendFinder(appends: ReadonlyMap<string, AppendEntry>) {
  const byId = new Map<string, AppendEntry>()
  const byTick = new Map<bigint, AppendEntry>()
  const byHash = new Map<string, AppendEntry | undefined>()
  for (const entry of appends.values()) {
    if (entry.invoked.commit) continue
    const { payloadHash, transaction } = entry.invoked
    byHash.set(payloadHash, byHash.has(payloadHash) ? undefined : entry)
    if (entry.id !== undefined) byId.set(entry.id, entry)
    if (entry.timeTick !== undefined && transaction === undefined) byTick.set(entry.timeTick, entry)
  }
  return (event: Delivered): AppendEntry | undefined =>
    event.append !== undefined
      ? appends.get(event.append)
      : (byId.get(event.id) ?? byTick.get(BigInt(event.timeTick)) ?? byHash.get(event.payloadHash))
}

function malformed(event: HistoryEvent, problem: string, name: string) {
  return invalidArgument(
    `The history’s event ${event.sequence} (${event.kind}) ${problem}: ${JSON.stringify(name)}`,
  )
}
