import { invalidArgument, PositionTruncatedError } from '@wal/walimpls'
import { parsePosition } from '../position/position.js'
import type { LogRecord } from '../read/log-record.js'
import { checkPosition } from '../read/plan-read.js'
import { LOOK_BYTES, type ReadContext } from '../read/read-context.js'
import { RecordSource } from '../read/record-source.js'
import { isSameWriter } from '../read/same-writer.js'
import type { AppendResolution } from '../wal.js'
import { StoredResult } from './append-result.js'
import { TOKEN_PREFIX } from './outcome-token.js'

/**
 * Finds out what became of an append, by reading on from the last record that was acknowledged before it was sent: it is
 * written when it is met; not written when a greater time tick or a newer writer comes first, since whatever of it is
 * stored after that is void (G4). `nudge` makes a greater time tick come; without one the reader waits for the writer.
 */
export async function resolveToken(
  context: ReadContext,
  token: unknown,
  nudge: (() => Promise<unknown>) | undefined,
  signal: AbortSignal,
): Promise<AppendResolution> {
  if (typeof token !== 'string' || !token.startsWith(TOKEN_PREFIX))
    throw invalidArgument('token', 'the text that an error with an unknown outcome carries', token)
  const position = token.slice(TOKEN_PREFIX.length)
  const { lastConfirmed, writer, timeTick } = parsePosition(position, 'token')
  const end = await context.end(signal)
  const { logIdentity } = checkPosition(position, 'token', end, context)
  if (end.truncation !== undefined && timeTick <= end.truncation.timeTick)
    throw new PositionTruncatedError(
      `${context.where}: the log was truncated above the append that the token names; what became of it can't be told any more.`,
    )
  const plan = {
    start: { from: context.ids.parse(lastConfirmed) },
    known: { writer, timeTick: -1n },
    until: undefined,
    resumed: undefined,
    logIdentity,
  }
  const verdictOf = (record: LogRecord): AppendResolution | undefined => {
    const sameWriter = isSameWriter(record, writer)
    if (sameWriter && record.timeTick < timeTick) return undefined
    if (!sameWriter || record.timeTick > timeTick) return { outcome: 'not-written' }
    const { id, vchannel } = record
    const place = { context: { ...context, logIdentity, writer }, lastConfirmed, firstTimeTick: timeTick }
    return { outcome: 'written', result: new StoredResult(place, 0, id, vchannel) }
  }
  const source = new RecordSource(context, plan, signal, { readBytes: LOOK_BYTES })
  try {
    for (let nudged = nudge === undefined; ; ) {
      const { records } = await source.next()
      for (const record of records) {
        const verdict = verdictOf(record)
        if (verdict !== undefined) return verdict
      }
      if (records.length > 0 || nudged) continue
      nudged = true
      await nudge?.()
    }
  } finally {
    await source.close()
  }
}
