import { type MessageId, propertyOf, RESERVED, type TimeTick, WalError, type Writer } from '@wal/walimpls'
import { type LogRecord, refuseMixed } from '../log/log-record.js'
import type { LogView } from '../log/log-view.js'
import { readRange } from '../log/read-range.js'
import { isSameWriter } from '../log/same-writer.js'
import { parseTruncationPoint, type TruncationPoint } from '../log/truncation-point.js'

/** The records that were stored between the log's end, as it was before an open, and the writer's opening record. */
export interface StoredBetween {
  /** The greatest time tick of other writers' records; −1 when there are none. */
  readonly timeTick: TimeTick
  /** Whether another writer of the same term stored a record. */
  readonly ownTerm: boolean
  /** The first log identity that a record names; this writer's own records count too. */
  readonly logIdentity: string | undefined
  readonly truncation: TruncationPoint | undefined
}

/**
 * Reads the records between the last one before an open (`known`; undefined for an empty log) and the writer's opening record.
 * Rejects with `WAL_FENCED` if one of them has a higher term. Example: the last record had id 9, and the opening record, of
 * term 4, has id 12. Records 10 and 11 are read. A record of term 5 ends the open. A record of term 3 only moves the clock on.
 * A record of term 4 shows that another opener chose the same term.
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
    // Also done for this writer's own records: a first copy of its opening record may be the log's first record.
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
  // Records that were truncated or removed meanwhile are skipped: the records kept behind them show whether a newer writer
  // came.
  await readRange(view, { start, end, see, hole: () => {} })
  return { timeTick, ownTerm, logIdentity, truncation }
}

/** The point that lies further on; the first one when they are equal. */
export function laterPoint(
  one: TruncationPoint | undefined,
  other: TruncationPoint | undefined,
): TruncationPoint | undefined {
  return other !== undefined && other.timeTick > (one?.timeTick ?? -1n) ? other : one
}
