import type { MessageId, StartPosition, TimeTick } from '@wal/walimpls'
import { isTruncated } from './classify.js'
import type { LogEnd } from './log-end.js'
import { isTimeTick, type LogRecord, refuseMixed, startIdOf } from './log-record.js'
import type { LogView } from './log-view.js'
import { readRange } from './read-range.js'

/** A log's tail may hold no time tick, and the one before it neither; then all of it is read. */
const MAX_STEPS_BACK = 8

/**
 * The end of a log that another system wrote. Nothing names its last persisted time tick, but everything above the last
 * record's time tick lies behind its last-confirmed id; from there it is one step back to the next such id.
 */
export async function readForeignEnd(view: LogView, last: LogRecord): Promise<LogEnd> {
  const { ids } = view
  let start: MessageId | undefined = startIdOf(last, view)
  for (let step = 0; ; step++) {
    let timeTick: TimeTick = -1n
    let term: number | undefined
    let first: LogRecord | undefined
    const see = (record: LogRecord): void => {
      refuseMixed(record, true, view)
      first ??= record
      if (term !== undefined && record.term < term) return
      term = record.term
      if (isTimeTick(record) && record.timeTick > timeTick) timeTick = record.timeTick
    }
    const from: StartPosition = start === undefined ? 'oldest' : { from: start }
    const kept = await wasKept(() => readRange(view, { start: from, end: last.id, see }))
    if (timeTick >= 0n || start === undefined)
      return {
        lastId: last.id,
        last: { writer: { term: last.term, incarnation: '' }, timeTick: last.timeTick },
        writer: { term: term ?? last.term, incarnation: '' },
        timeTick,
        logIdentity: undefined,
        lastTick: '',
        truncation: undefined,
        foreign: true,
      }
    const before = kept && step < MAX_STEPS_BACK && first !== undefined ? startIdOf(first, view) : undefined
    start = before !== undefined && ids.compare(before, start) < 0 ? before : undefined
  }
}

/** False when the records asked for are not kept any more. */
async function wasKept(read: () => Promise<void>): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (isTruncated(error)) return false
    throw error
  }
}
