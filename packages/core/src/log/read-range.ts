import {
  type MessageId,
  type MessageIdCodec,
  type PositionTruncatedError,
  type StartPosition,
  WalError,
} from '@wal/walimpls'
import { closeScanner } from '../lifetime/close-within.js'
import { isTruncated } from './classify.js'
import { decodeRecord, type LogRecord } from './log-record.js'
import { type LogView, waitsOf } from './log-view.js'
import { READ_BYTES } from './read-sizes.js'

export interface RecordRange {
  readonly start: StartPosition
  /**
   * The last record of the range. It has to be in the log, or reading waits until something is stored above it. Undefined:
   * the range ends where the log's end is found.
   */
  readonly end: MessageId | undefined
  /** Called with every record, in log order. What it throws ends the reading. */
  readonly see: (record: LogRecord) => void
  /** Asked after every record; an answer of true ends the reading. */
  readonly enough?: () => boolean
  /**
   * Called where records are gone that nobody truncated; the next record seen is the first one kept behind them. Without
   * it such a place is `WAL_POSITION_TRUNCATED`.
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
  const { log, ids, where } = view
  const { start, end, see, enough = () => false } = range
  const scanner = log.read({ start, maxBytes: READ_BYTES, ...waitsOf(view) })
  try {
    for (;;) {
      const batch = await scanner.next()
      if (batch === undefined)
        throw new WalError('WAL_CLOSED', `${where}: the log was closed while its end was being read`)
      if (batch.length === 0 && end === undefined) return
      for (const stored of batch) {
        const order = end === undefined ? -1 : ids.compare(stored.id, end)
        if (order > 0) return
        see(decodeRecord(stored, view))
        if (order === 0 || enough()) return
      }
    }
  } finally {
    await closeScanner(view, scanner)
  }
}

/** The first record kept behind a hole. Undefined when the error is another one, or names no place above `start`. */
function keptBehind(error: unknown, start: StartPosition, ids: MessageIdCodec): MessageId | undefined {
  if (!isTruncated(error)) return undefined
  const { oldest } = error as PositionTruncatedError
  if (oldest === undefined) return undefined
  const kept = ids.parse(oldest)
  return typeof start === 'object' && ids.compare(kept, start.from) <= 0 ? undefined : kept
}
