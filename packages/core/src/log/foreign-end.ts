import type { MessageId, StartPosition, TimeTick } from '@wal/walimpls'
import { isTruncated } from './classify.js'
import type { LogEnd } from './log-end.js'
import { isTimeTick, type LogRecord, refuseMixed, startIdOf } from './log-record.js'
import type { LogView } from './log-view.js'
import { readRange } from './read-range.js'

/** How many steps back the search may take before it reads the whole log instead. */
const MAX_STEPS_BACK = 8

/**
 * Finds the end of a log that another system wrote: the last persisted time tick. Its records do not name that time tick, so it
 * is searched for, from the last record's last-confirmed id on, since everything above that record's time tick is stored behind
 * that id. If no time tick is found there, the search steps back to the last-confirmed id of the first record that was read,
 * and so on.
 *
 * Example: record 90 is the last one, and its last-confirmed id is 80. There is no time tick between 80 and 90. The
 * last-confirmed id of record 80 is 60, and record 65 is a time tick. So the order is final up to the time tick of record 65.
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
        recoveryPoint: undefined,
        foreign: true,
      }
    const before = kept && step < MAX_STEPS_BACK && first !== undefined ? startIdOf(first, view) : undefined
    start = before !== undefined && ids.compare(before, start) < 0 ? before : undefined
  }
}

/** Whether none of the records that were asked for is gone. */
async function wasKept(read: () => Promise<void>): Promise<boolean> {
  try {
    await read()
    return true
  } catch (error) {
    if (isTruncated(error)) return false
    throw error
  }
}
