import type { MessageIdCodec, StartPosition, TimeTick } from '@wal/walimpls'
import type { ReadOptions } from '../api/scanner.js'
import type { LogEnd } from '../log/log-end.js'
import type { PositionParts } from '../log/position.js'
import type { ForeignPlan } from './read-plan.js'
import { FOREIGN_BEGINNING, type ForeignStart } from './stage/foreign-bookmark.js'

/** Where a scanner starts in a log that another system wrote. */
export function planForeignRead(
  options: ReadOptions,
  { place, until }: { readonly place: PositionParts | undefined; readonly until: TimeTick | undefined },
  { end, ids }: { readonly end: LogEnd; readonly ids: MessageIdCodec },
): ForeignPlan {
  const planned = (start: StartPosition, foreign: ForeignStart): ForeignPlan => ({
    kind: 'foreign',
    start,
    foreign,
    until,
    logIdentity: undefined,
  })
  if (place !== undefined) {
    const { lastConfirmed, timeTick, ownId, writer } = place
    const start = { from: ids.parse(lastConfirmed) }
    const { term } = writer
    // A position behind a gap names no record, so there is none that was delivered before.
    if (ownId === undefined) return planned(start, { term, settled: timeTick, settledFrom: lastConfirmed })
    const passed = { timeTick, id: ids.parse(ownId), inclusive: options.from !== undefined }
    return planned(start, { term, settled: -1n, settledFrom: lastConfirmed, passed })
  }
  if (options.deliver === 'latest' && end.lastId !== undefined) {
    const { lastId: behind, timeTick: settled } = end
    const term = end.writer?.term ?? -1
    return planned({ from: behind }, { term, settled, settledFrom: ids.serialise(behind), behind })
  }
  return planned('oldest', FOREIGN_BEGINNING)
}
