import type { MessageId, MessageIdCodec, PositionTruncatedError, StartPosition } from '@wal/walimpls'
import { isTruncated } from './classify.js'
import { decodeRecord, type LogRecord } from './log-record.js'
import type { LogView } from './log-view.js'
import { MissedTick } from './missed-tick.js'
import { RangeScanner } from './range-scanner.js'

export interface RecordRange {
  readonly start: StartPosition
  /**
   * The last record to read. If it is not in the log, reading waits until a record above it is stored. Undefined: reading ends
   * at the log's end.
   */
  readonly end: MessageId | undefined
  /** Called with each record, in log order. An error that it throws ends the reading. */
  readonly see: (record: LogRecord) => void
  /** Called after each record; reading ends when it returns true. */
  readonly enough?: () => boolean
  /**
   * Called when records are gone that nobody truncated; reading goes on with the first record kept behind them. Without this
   * function such a place rejects with `WAL_POSITION_TRUNCATED`.
   */
  readonly hole?: (() => void) | undefined
}

/** Reads the records from `start` up to and including `end`. */
export async function readRange(view: LogView, range: RecordRange): Promise<void> {
  for (let { start } = range; ; ) {
    try {
      await readUntilHole(view, { ...range, start })
      return
    } catch (error) {
      const kept = range.hole && keptBehind(error, start, view.ids)
      if (kept === undefined) throw error
      range.hole?.()
      start = { from: kept }
    }
  }
}

async function readUntilHole(view: LogView, range: RecordRange): Promise<void> {
  const { start, end, see, enough = () => false } = range
  const scanner = new RangeScanner(view, start)
  const missed = new MissedTick(view, typeof start === 'object' ? start.from : undefined)
  try {
    for (;;) {
      const batch = await scanner.next()
      if (batch.length === 0 && end === undefined) return
      for (const stored of batch) {
        const order = end === undefined ? -1 : view.ids.compare(stored.id, end)
        if (order > 0) return
        const record = decodeRecord(stored, view)
        const gone = missed.see(record)
        if (gone !== undefined) throw gone
        see(record)
        if (order === 0 || enough()) return
      }
    }
  } finally {
    await scanner.close()
  }
}

/**
 * The first record kept behind the missing ones. Undefined for any other error, and for one that names no record above `start`.
 */
function keptBehind(error: unknown, start: StartPosition, ids: MessageIdCodec): MessageId | undefined {
  if (!isTruncated(error)) return undefined
  const { oldest } = error as PositionTruncatedError
  if (oldest === undefined) return undefined
  const kept = ids.parse(oldest)
  return typeof start === 'object' && ids.compare(kept, start.from) <= 0 ? undefined : kept
}
