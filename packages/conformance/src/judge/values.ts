import type { CompareIds } from '../history/compare-ids.js'
import type { HistoryEvent } from '../history/history-event.js'
import type { DeliveryEntry, ScannerEntry } from '../history/history-index.js'
import { rangeOf } from '../history/ranges.js'
import type { Report } from '../history/violation.js'
import type { JudgedLog } from './judged-log.js'

/** That an event gives an id to a message. */
interface Claim {
  /** What the message is known by. */
  readonly key: string
  readonly event: HistoryEvent
}

/**
 * Rule 2: an id names one message, with one payload and one writer. Ids and time ticks rise strictly in every scanner, except
 * that the messages of one transaction have one time tick. An id of a message that was rolled back may be given out again, as
 * Kafka does: its ids are places in the log.
 */
export function checkValues({ index, compareIds, report }: JudgedLog): void {
  const values = new Map<string, Claim>()
  const claim = (id: string, tick: bigint | undefined, { key, event }: Claim) => {
    const lost = tick === undefined ? undefined : rangeOf(index.rolledBack, tick)
    const place = lost === undefined ? id : `${id}, lost behind ${lost.after}`
    const other = values.get(place)
    if (other === undefined) values.set(place, { key, event })
    else if (other.key !== key) report(2, `The id ${id} belongs to two messages.`, other.event, event)
  }
  for (const { id, settled, invoked, timeTick } of index.appends.values())
    if (id !== undefined && settled !== undefined)
      claim(id, timeTick, { key: `append ${invoked.append}`, event: settled })
  const unnamed = new Map<string, DeliveryEntry>()
  for (const scanner of index.scanners.values()) {
    for (const delivery of scanner.deliveries) {
      claim(delivery.event.id, delivery.tick, delivery)
      checkContent(delivery, unnamed, report)
    }
    checkRising(scanner, compareIds, report)
  }
}

function checkContent(delivery: DeliveryEntry, unnamed: Map<string, DeliveryEntry>, report: Report): void {
  const { append, event, key } = delivery
  if (append === undefined) {
    const other = unnamed.get(key)
    if (other === undefined) unnamed.set(key, delivery)
    else if (other.event.payloadHash !== event.payloadHash || other.tick !== delivery.tick)
      report(2, `The id ${event.id} was delivered with two payloads or two time ticks.`, other.event, event)
    return
  }
  const { payloadHash, writer } = append.invoked
  if (event.payloadHash !== payloadHash)
    report(
      2,
      `The message with id ${event.id} was delivered with another payload than was appended.`,
      append.invoked,
      event,
    )
  else if (
    event.term !== writer.term ||
    (event.incarnation !== undefined && event.incarnation !== writer.incarnation)
  )
    report(
      2,
      `The message with id ${event.id} was delivered with another writer than the one that appended it.`,
      append.invoked,
      event,
    )
}

function checkRising({ deliveries }: ScannerEntry, compareIds: CompareIds, report: Report): void {
  let unit: DeliveryEntry | undefined
  let member: DeliveryEntry | undefined
  for (const delivery of deliveries) {
    const unitId = delivery.event.unitId ?? delivery.event.id
    if (unit !== undefined && member !== undefined && inOneUnit(member, delivery)) {
      if (compareIds(delivery.event.id, member.event.id) > 0) member = delivery
      else report(2, 'The ids of a transaction’s messages do not rise.', member.event, delivery.event)
      continue
    }
    member = delivery
    const idRises = unit === undefined || compareIds(unitId, unit.event.unitId ?? unit.event.id) > 0
    const tickRises = unit === undefined || delivery.tick > unit.tick
    if (idRises && tickRises) unit = delivery
    else report(2, `A scanner’s ${idRises ? 'time ticks' : 'ids'} do not rise.`, unit?.event, delivery.event)
  }
}

function inOneUnit(a: DeliveryEntry, b: DeliveryEntry): boolean {
  const transaction = a.append?.invoked.transaction
  return (
    a.tick === b.tick &&
    a.event.unitId === b.event.unitId &&
    (transaction !== undefined
      ? transaction === b.append?.invoked.transaction
      : a.event.unitId !== undefined && b.append?.invoked.transaction === undefined)
  )
}
