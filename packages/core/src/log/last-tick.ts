import type { MessageId } from '@wal/walimpls'
import { isTruncated } from './classify.js'
import type { LogRecord } from './log-record.js'
import type { LogView } from './log-view.js'
import { readRange } from './read-range.js'

/** How many time ticks back the search goes before it gives up. */
const MAX_STEPS_BACK = 10_000

/**
 * The last persisted time tick before the record `last` for which `isSought` is true. Each record names the persisted time tick
 * before it, so the search goes back from tick to tick: record 90 names the time tick at id 81, which names the one at id 64.
 * Undefined when no time tick fits, or when one on the way is gone.
 */
export async function lastTick(
  view: LogView,
  last: LogRecord,
  isSought: (tick: LogRecord) => boolean,
): Promise<MessageId | undefined> {
  const { ids } = view
  let record = last
  for (let step = 0; step < MAX_STEPS_BACK && record.previousTick !== ''; step++) {
    const tick = ids.parse(record.previousTick)
    if (ids.compare(tick, record.id) >= 0) return undefined
    const found = await recordAt(view, tick)
    if (found === undefined) return undefined
    if (isSought(found)) return tick
    record = found
  }
  return undefined
}

async function recordAt(view: LogView, id: MessageId): Promise<LogRecord | undefined> {
  let found: LogRecord | undefined
  const see = (record: LogRecord): void => {
    found = record
  }
  try {
    await readRange(view, { start: { from: id }, end: id, see })
  } catch (error) {
    if (!isTruncated(error)) throw error
  }
  return found
}
