import { type MessageId, propertyOf, RESERVED, type TimeTick, WalError, type Writer } from '@wal/walimpls'
import { type LogRecord, refuseMixed } from '../log/log-record.js'
import type { LogView } from '../log/log-view.js'
import { readRange } from '../log/read-range.js'
import { isSameWriter } from '../log/same-writer.js'
import { parseTruncationPoint, type TruncationPoint } from '../log/truncation-point.js'

/** What lies between a log's end as it was known and a writer's opening record. */
export interface StoredBetween {
  /** The highest time tick of other writers' records, −1 when there are none. */
  readonly timeTick: TimeTick
  /** Whether another writer of the same term stored a record. */
  readonly ownTerm: boolean
  /** The first log identity that is named, by this writer's own records too. */
  readonly logIdentity: string | undefined
  readonly truncation: TruncationPoint | undefined
}

/**
 * Reads from the last record that was known, undefined for an empty log, up to a writer's opening record. A record of a
 * higher term there is `WAL_FENCED`. With term 4's opening record at id 12 and the end known at id 9, ids 10 and 11 are
 * looked at: a record of term 5 ends the open, one of term 3 only moves the clock, one of term 4 tells of another opener
 * that chose the same term.
 */
export async function lookBack(
  view: LogView,
  known: MessageId | undefined,
  { id: end, writer }: { readonly id: MessageId; readonly writer: Writer },
): Promise<StoredBetween> {
  const { ids, where } = view
  let timeTick = -1n
  let ownTerm = false
  let logIdentity: string | undefined
  let truncation: TruncationPoint | undefined
  const see = (record: LogRecord): void => {
    if (known !== undefined && ids.compare(record.id, known) <= 0) return
    refuseMixed(record, false, view)
    // Also this writer's own: a first copy of the opening record may be the log's first record.
    logIdentity ??= propertyOf(record.properties, RESERVED.logIdentity)
    if (isSameWriter(record, writer)) return
    if (record.term > writer.term)
      throw new WalError(
        'WAL_FENCED',
        `${where}: a writer of term ${record.term} opened the channel while term ${writer.term} was being opened. Stop being the writer; do not reopen at 'next' in a loop.`,
      )
    if (record.term === writer.term) ownTerm = true
    if (record.timeTick > timeTick) timeTick = record.timeTick
    const point = propertyOf(record.properties, RESERVED.truncationPoint)
    if (point !== undefined) truncation = laterPoint(truncation, parseTruncationPoint(point, where))
  }
  const start = known === undefined ? 'oldest' : { from: known }
  // Records that were truncated or removed in the meantime are passed over: the records kept behind them say whether a newer
  // writer came.
  await readRange(view, { start, end, see, hole: () => {} })
  return { timeTick, ownTerm, logIdentity, truncation }
}

/** The first point, unless the second lies further on. */
export function laterPoint(
  one: TruncationPoint | undefined,
  other: TruncationPoint | undefined,
): TruncationPoint | undefined {
  return other !== undefined && other.timeTick > (one?.timeTick ?? -1n) ? other : one
}
