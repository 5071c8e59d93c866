import { invalidArgument } from '@wal/walimpls'
import type { EventBody, HistoryEvent } from './history-event.js'

export interface ReadHistory {
  readonly events: readonly HistoryEvent[]
  /** The number of the line in the file that holds the event, from 1 on. */
  readonly lineOf: (event: HistoryEvent) => number | undefined
}

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string' && value !== ''
const term: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const tick: Check = (value) => typeof value === 'string' && /^\d{1,20}$/.test(value)
const oneOf =
  (...allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value)
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const fields = (value: unknown) =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const writer: Check = (value) => term(fields(value).term) && text(fields(value).incarnation)
const start: Check = (value) =>
  value === 'all' || value === 'latest' || tick(fields(value).from) || tick(fields(value).after)

const shapes: Record<EventBody['kind'], Record<string, Check>> = {
  'append-invoked': {
    append: text,
    writer,
    vchannel: (value) => typeof value === 'string',
    payloadHash: text,
    transaction: maybe(text),
    commit: maybe(oneOf(true)),
  },
  'append-ok': { append: text, id: text, timeTick: tick },
  'append-failed': { append: text, code: text },
  'append-unknown': { append: text },
  'append-resolved': {
    append: text,
    outcome: oneOf('written', 'not-written'),
    id: maybe(text),
    timeTick: maybe(tick),
  },
  'open-invoked': { term },
  opened: { writer, id: maybe(text) },
  'open-failed': { term, code: text },
  fenced: { writer },
  'scanner-started': { scanner: text, start, vchannel: maybe((value) => typeof value === 'string') },
  delivered: {
    scanner: text,
    id: text,
    timeTick: tick,
    unitId: maybe(text),
    payloadHash: text,
    term,
    incarnation: maybe(text),
    append: maybe(text),
  },
  'scanner-reached': { scanner: text, timeTick: tick },
  'scanner-gap': { scanner: text, reason: oneOf('truncated', 'rolled-back'), after: maybe(tick), upTo: tick },
  'truncate-invoked': { timeTick: tick },
  truncated: { timeTick: tick },
  'rolled-back': { after: tick, upTo: tick },
}

/**
 * Parses a history that is stored as JSON lines. A bad line, or a last line that is cut off, throws `WAL_INVALID_ARGUMENT` with
 * its number.
 */
export function readHistory(jsonLines: string, name = 'history'): ReadHistory {
  const lines = new Map<HistoryEvent, number>()
  let last = Number.NEGATIVE_INFINITY
  for (const [index, line] of jsonLines.split('\n').entries()) {
    if (line.trim() === '') continue
    const event = readEvent(line, `${name}:${index + 1}`)
    if (event.sequence <= last)
      throw invalidArgument(
        `${name}:${index + 1}: the sequence has to be above ${last}, that of the event before`,
        event.sequence,
      )
    last = event.sequence
    lines.set(event, index + 1)
  }
  return { events: [...lines.keys()], lineOf: (event) => lines.get(event) }
}

function readEvent(line: string, place: string): HistoryEvent {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw invalidArgument(`${place}: every line has to be one JSON object`, line)
  }
  const event = fields(parsed)
  const shape = Object.hasOwn(shapes, String(event.kind))
    ? shapes[event.kind as EventBody['kind']]
    : undefined
  if (shape === undefined)
    throw invalidArgument(`${place}: the kind has to be one of ${Object.keys(shapes).join(', ')}`, event.kind)
  if (!Number.isSafeInteger(event.sequence))
    throw invalidArgument(`${place}: the sequence has to be a whole number`, event.sequence)
  if (!maybe(text)(event.log))
    throw invalidArgument(`${place}: the log has to be a text, or left out`, event.log)
  for (const [field, check] of Object.entries(shape)) {
    if (!check(event[field]))
      throw invalidArgument(
        `${place}: the field "${field}" of an event of kind ${event.kind} has a wrong value (history-event.ts describes it)`,
        event[field],
      )
  }
  if (event.outcome === 'written' && !(text(event.id) && tick(event.timeTick)))
    throw invalidArgument(`${place}: an append that resolved as written needs an id and a timeTick`, line)
  return event as unknown as HistoryEvent
}
