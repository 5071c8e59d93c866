import type { CompareIds } from '../history/compare-ids.js'
import type { HistoryEvent, HistoryWriterName, Opened } from '../history/history-event.js'
import {
  type DeliveryEntry,
  type HistoryIndex,
  type ScannerEntry,
  writerKey,
} from '../history/history-index.js'
import { countWhile } from '../history/ranges.js'
import type { Report } from '../history/violation.js'
import type { JudgedLog } from './judged-log.js'

type Opening = Opened & HistoryEvent & { readonly id: string }

interface Current {
  readonly term: number
  readonly incarnation: string | undefined
  readonly event: HistoryEvent
}

/**
 * Rule 5, first half: no message of an older writer is delivered behind a newer writer's opening record. Example: writer A of
 * term 1 opens at id 1, writer B of term 2 at id 7. A message of A with id 9 must not be delivered. The second half, that all
 * scanners agree on this, is in `checkMissing`.
 */
export function checkWriters(log: JudgedLog): void {
  const { index, compareIds, report } = log
  const openings = index.opened
    .map(({ event }) => event)
    .filter((event): event is Opening => event.id !== undefined)
    .sort((a, b) => compareIds(a.id, b.id))
  const currents: Current[] = []
  for (const opening of openings) {
    const before = currents.at(-1)
    const newer = before === undefined || opening.writer.term >= before.term
    currents.push(newer ? { ...opening.writer, event: opening } : before)
  }
  const known = new Set(openings.map(({ writer }) => writerKey(writer)))
  for (const scanner of index.scanners.values())
    checkScanner(scanner, { openings, currents, known, compareIds }, report)
  checkSuperseded(index, report)
}

interface Takeovers {
  readonly openings: readonly Opening[]
  /**
   * For each opening record, the writer that is current from it on: the record's own writer, unless a writer of a higher term
   * opened before.
   */
  readonly currents: readonly Current[]
  readonly known: ReadonlySet<string>
  readonly compareIds: CompareIds
}

function checkScanner({ deliveries }: ScannerEntry, takeovers: Takeovers, report: Report): void {
  const { openings, currents, known, compareIds } = takeovers
  const unitId = ({ event }: DeliveryEntry) => event.unitId ?? event.id
  const first = deliveries[0]
  if (first === undefined) return
  let next = countWhile(openings, ({ id }) => compareIds(id, unitId(first)) < 0)
  let current = currents[next - 1]
  const retired = new Set<string>()
  for (const delivery of deliveries) {
    for (; next < openings.length; next++) {
      if (compareIds((openings[next] as Opening).id, unitId(delivery)) >= 0) break
      const { writer } = openings[next] as Opening
      if (current === undefined || writer.term >= current.term)
        current = { ...writer, event: openings[next] as Opening }
    }
    const { event, append } = delivery
    const incarnation = event.incarnation ?? append?.invoked.writer.incarnation
    const key = `${event.term}/${incarnation}`
    const sameTerm = current !== undefined && event.term === current.term
    const other = sameTerm && incarnation !== undefined && current?.incarnation !== undefined
    if (current !== undefined && event.term < current.term)
      report(
        5,
        `A message of term ${event.term} was delivered behind one of term ${current.term} or its opening record.`,
        current.event,
        event,
      )
    else if (other && incarnation !== current?.incarnation && (known.has(key) || retired.has(key)))
      report(
        5,
        `Two writers opened at term ${event.term}, and a message of the older was delivered behind the opening record of the newer.`,
        current?.event,
        event,
      )
    else if (!sameTerm || incarnation !== current?.incarnation) {
      if (current !== undefined) retired.add(`${current.term}/${current.incarnation}`)
      current = { term: event.term, incarnation, event }
    }
  }
}

/**
 * Reports an append that was acknowledged or delivered although it was called too late: after the open of a writer of a higher
 * term had resolved, or after its own writer had been told that it was fenced.
 */
function checkSuperseded(index: HistoryIndex, report: Report): void {
  const superseded = supersededAt(index)
  for (const { invoked, invokedAt, settled, outcome, delivery } of index.appends.values()) {
    const at = Math.min(superseded(invoked.writer), index.fencedAt.get(writerKey(invoked.writer)) ?? Infinity)
    if (invokedAt < at) continue
    if (outcome === 'written' || delivery !== undefined)
      report(
        5,
        `Append "${invoked.append}" was ${outcome === 'written' ? 'acked' : 'delivered'}, though it was called when its writer was no longer the newest.`,
        invoked,
        outcome === 'written' ? settled : delivery?.event,
      )
  }
}

/**
 * For a writer, the index of the first event that opened a writer of a higher term; Infinity when there is none. Writers of the
 * same term are not compared: which of two is the newer can only be seen from their opening records.
 */
export function supersededAt(index: HistoryIndex): (writer: HistoryWriterName) => number {
  const opened = [...index.opened].sort((a, b) => a.event.writer.term - b.event.writer.term)
  const earliest: number[] = new Array(opened.length + 1).fill(Infinity)
  for (let i = opened.length - 1; i >= 0; i--)
    earliest[i] = Math.min(earliest[i + 1] as number, (opened[i] as (typeof opened)[0]).at)
  return ({ term }) => earliest[countWhile(opened, ({ event }) => event.writer.term <= term)] as number
}
