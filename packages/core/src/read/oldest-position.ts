import { PositionTruncatedError } from '@wal/walimpls'
import { isTruncated } from '../errors/classify.js'
import { formatPosition, type Position } from '../position/position.js'
import { CatchUp } from './catch-up.js'
import { positionOf } from './delivered-message.js'
import { decodeRecord } from './log-record.js'
import { planRead } from './plan-read.js'
import { LOOK_BYTES, type ReadContext } from './read-context.js'
import { RecordSource } from './record-source.js'

/** A truncation error that names the oldest record kept, as a position for `read({ from })`; other errors as they are. */
export async function nameOldest(
  error: unknown,
  context: ReadContext,
  signal: AbortSignal,
): Promise<unknown> {
  if (!isTruncated(error)) return error
  try {
    const oldest = await findOldest(context, signal)
    if (oldest === undefined) return error
    const message = `${error.message} The oldest record kept is at ${oldest}`
    return new PositionTruncatedError(message, { oldest, cause: error })
  } catch {
    // The truncation is what the reader has to know; the log may have been closed or truncated further meanwhile.
    return error
  }
}

async function findOldest(context: ReadContext, signal: AbortSignal): Promise<Position | undefined> {
  const plan = planRead({}, await context.end(signal), context)
  if (plan.foreign !== undefined) return oldestForeign(context, signal)
  const source = new RecordSource(context, plan, signal, { readBytes: LOOK_BYTES })
  try {
    const oldest = (await source.next()).records[0]
    // Its last-confirmed id may be gone; everything from itself on is not.
    const kept = oldest && { ...oldest, lastConfirmed: '' }
    return kept && positionOf(kept, plan.logIdentity ?? '', context)
  } finally {
    await source.close()
  }
}

/** Before the first stored record, whose time tick need not be the lowest. */
async function oldestForeign(context: ReadContext, signal: AbortSignal): Promise<Position | undefined> {
  const { backend, ids, where } = context
  const catchUp = new CatchUp(context, 'oldest', LOOK_BYTES, signal)
  try {
    const oldest = (await catchUp.next())?.[0]
    if (oldest === undefined) return undefined
    const { term } = decodeRecord(oldest, where, ids)
    const writer = { term, incarnation: '' }
    const lastConfirmed = ids.serialise(oldest.id)
    return formatPosition({ backend, logIdentity: '', lastConfirmed, writer, timeTick: 0n, gap: true })
  } finally {
    await catchUp.close()
  }
}
