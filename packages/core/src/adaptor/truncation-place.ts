import { LogRolledBackError, type StartPosition } from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import { CountingJudge } from '../log/counting-judge.js'
import type { KnownPlace } from '../log/known-place.js'
import { lastTick } from '../log/last-tick.js'
import type { LogRecord } from '../log/log-record.js'
import type { LogView } from '../log/log-view.js'
import type { PositionParts } from '../log/position.js'
import { readRange } from '../log/read-range.js'
import { isSameWriter } from '../log/same-writer.js'
import type { TruncationPoint } from '../log/truncation-point.js'

/** How often a place above the log's end is looked for: a backend may show its end late. */
const LOOKS = 4
const FIRST_PAUSE_MS = 50

export interface PlaceView extends LogView {
  /** Where the log begins, and the current writer there; none is known when the log was never truncated. */
  readonly beginning: { readonly start: StartPosition; readonly known: KnownPlace | undefined }
}

/** What a look finds: the place, another record in its stead, or a log that ends before it (`beyond`). */
type Sight = TruncationPoint | 'other' | 'beyond'

/**
 * The point from which the log can begin, for a position given to `truncate`. Looks into the log as it is stored: what the
 * writer remembers of it may be lost, and a reader may have a message that the writer does not know to be stored.
 * `WAL_LOG_ROLLED_BACK` unless the log holds what the position names.
 */
export async function findTruncationPlace(view: PlaceView, place: PositionParts): Promise<TruncationPoint> {
  for (let looks = 1; ; looks++) {
    const sight = await (place.gap ? lookForGap : lookForMessage)(view, place)
    if (typeof sight === 'object') return sight
    if (sight === 'other' || looks === LOOKS) throw notFound(view, place)
    await sleep(view.runtime, FIRST_PAUSE_MS * 2 ** (looks - 1), view.signal)
  }
}

/** Reads on from the id that the position names: a message that was sent twice may lie further on. */
async function lookForMessage(view: PlaceView, place: PositionParts): Promise<Sight> {
  const { lastConfirmed: id, writer, timeTick } = place
  const judge = new CountingJudge({ writer, timeTick: timeTick - 1n })
  let sight: Sight = 'beyond'
  const see = (record: LogRecord): void => {
    const counts = judge.counts(record)
    if (record.timeTick === timeTick && isSameWriter(record, writer)) sight = { id, writer, timeTick }
    // A record that counts here is a later one. It can't lie before the message, unless the log lost its end and goes
    // on without the message.
    else if (counts) sight = 'other'
  }
  await readRange(view, {
    start: startAt(view, id),
    end: undefined,
    see,
    enough: () => sight !== 'beyond',
  })
  return sight
}

/** Where to read from. The position of a message that was sent twice begins at an earlier record, which may be freed. */
function startAt({ ids, beginning }: PlaceView, id: string): StartPosition {
  const from = ids.parse(id)
  const { start } = beginning
  return typeof start === 'object' && ids.compare(from, start.from) < 0 ? start : { from }
}

/**
 * The place of a position behind a gap, where no message lies: a reader with it has everything up to its time tick, and goes
 * on with the record that has its id. Truncating there is right as long as that record exists, and no record that counts and
 * lies before it has a higher time tick.
 *
 * Example: the gap's position says "time tick 30, go on at id 50". The log lost its end, and a new writer stored records with
 * the time ticks 31 and 32 at the ids 45 and 46. They were never read, and truncating at id 50 would free them.
 */
async function lookForGap(view: PlaceView, place: PositionParts): Promise<Sight> {
  const { ids } = view
  const { lastConfirmed: id, writer, timeTick } = place
  const end = ids.parse(id)
  let edge: LogRecord | undefined
  const find = (record: LogRecord): void => {
    edge = record
  }
  await readRange(view, { start: { from: end }, end: undefined, see: find, enough: () => true })
  if (edge === undefined) return 'beyond'
  if (ids.compare(edge.id, end) !== 0) return 'other'

  const tick = await lastTick(view, edge, (record) => record.timeTick <= timeTick)
  const { start, known } = view.beginning
  const judge = new CountingJudge(tick === undefined ? known : undefined)
  let last: LogRecord | undefined
  let skipped = false
  const see = (record: LogRecord): void => {
    last = record
    if (judge.counts(record) && record.timeTick > timeTick && ids.compare(record.id, end) < 0) skipped = true
  }
  await readRange(view, {
    start: tick === undefined ? start : { from: tick },
    end: undefined,
    see,
    enough: () => skipped || (last !== undefined && ids.compare(last.id, end) >= 0),
    hole: () => judge.passHole(),
  })
  if (skipped || last === undefined || ids.compare(last.id, end) !== 0) return 'other'
  // Behind a lost end where nobody has written yet, the position names the last record itself.
  const ended =
    judge.timeTick === timeTick && judge.writer !== undefined && isSameWriter(judge.writer, writer)
  if (!ended && !isSameWriter(edge, writer)) return 'other'
  return { id, writer: judge.writer ?? writer, timeTick }
}

function notFound({ where }: LogView, place: PositionParts): LogRolledBackError {
  const { lastConfirmed, writer, timeTick, gap } = place
  const what = gap
    ? `the position given to truncate lies behind a gap, and the log does not go on there with message ${lastConfirmed} any more (time tick ${timeTick}). The log lost its end after a reader was given that position`
    : `the position given to truncate names a message that is not in the log (time tick ${timeTick} of term ${writer.term}). The log lost its end after that message was stored`
  return new LogRolledBackError(
    `${where}: ${what}, in a failover or because an older copy of it was restored. Nothing was truncated.`,
    gap ? {} : { known: lastConfirmed },
  )
}
