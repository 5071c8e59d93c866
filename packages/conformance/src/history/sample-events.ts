import type { Delivered, EventBody, ScannerStarted } from './history-event.js'
import { HistoryWriter } from './history-writer.js'

// Short functions that make the events of the checker's tests.

export const writer = (term: number, incarnation = `i${term}`) => ({ term, incarnation })
export const invoke = (
  append: string,
  term = 1,
  more: { transaction?: string; commit?: true } = {},
): EventBody => ({
  kind: 'append-invoked',
  append,
  writer: writer(term),
  vchannel: 'v',
  payloadHash: `#${append}`,
  ...more,
})
/** The event that an append was acknowledged. In these samples the record with id n has the time tick 10 n. */
export const ok = (append: string, id: number, tick = id * 10): EventBody => ({
  kind: 'append-ok',
  append,
  id: id.toString(36),
  timeTick: `${tick}`,
})
export const failed = (append: string): EventBody => ({ kind: 'append-failed', append, code: 'WAL_TIMEOUT' })
export const unknown = (append: string): EventBody => ({ kind: 'append-unknown', append })
export const start = (scanner: string, from: ScannerStarted['start'] = 'all'): EventBody => ({
  kind: 'scanner-started',
  scanner,
  start: from,
})
/** The event that a message was delivered to a scanner. */
export const got = (scanner: string, append: string, id: number): Delivered => ({
  kind: 'delivered',
  scanner,
  id: id.toString(36),
  timeTick: `${id * 10}`,
  payloadHash: `#${append}`,
  term: 1,
  append,
})
/** The event that a message was delivered, without the name of the message's append. */
export const unnamed = ({ append: _, ...event }: Delivered): Delivered => event
export const reached = (scanner: string, tick: number): EventBody => ({
  kind: 'scanner-reached',
  scanner,
  timeTick: `${tick}`,
})
export const opened = (term: number, id?: number): EventBody => ({
  kind: 'opened',
  writer: writer(term),
  ...(id === undefined ? {} : { id: id.toString(36) }),
})
export const truncate = (tick: number): EventBody[] => [
  { kind: 'truncate-invoked', timeTick: `${tick}` },
  { kind: 'truncated', timeTick: `${tick}` },
]
export const rolledBack = (after: number, upTo: number): EventBody => ({
  kind: 'rolled-back',
  after: `${after}`,
  upTo: `${upTo}`,
})
export const written = (...names: string[]) => names.flatMap((name, i) => [invoke(name), ok(name, i + 1)])

export function history(...events: readonly EventBody[]): HistoryWriter {
  const collected = new HistoryWriter()
  for (const event of events) collected.add(event)
  return collected
}
