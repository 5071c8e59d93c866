import type { MessageId, StartPosition, TimeTick } from '@wal/walimpls'
import { isTruncated } from './classify.js'
import type { LogEnd } from './log-end.js'
import { isTimeTick, type LogRecord, refuseMixed, startIdOf } from './log-record.js'
import type { LogView } from './log-view.js'
import { readRange } from './read-range.js'

/** How many steps back are taken before the whole log is read instead. */
const MAX_STEPS_BACK = 8

/**
 * The end of a log that another system wrote. Its records name no persisted time tick, so the last one is searched: from the
 * last record's last-confirmed id on, since everything above that record's time tick lies behind that id. Where no time tick
 * is found the search steps back to the last-confirmed id of the first record read, and so on.
 *
 * Example: record 90 names 80, and no time tick lies between the two. Record 80 names 60, and record 65 is a time tick: the
 * end is settled up to that one.
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

/** Whether all records asked for were still kept. */
async function wasKept(read: () => Promise<void>): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (isTruncated(error)) return false
    throw error
  }
}
