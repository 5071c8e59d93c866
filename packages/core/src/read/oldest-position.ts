import { PositionTruncatedError, WalError } from '@wal/walimpls'
import type { Position } from '../position/position.js'
import { positionOf } from './delivered-message.js'
import type { ReadContext } from './read-context.js'
import { planRead } from './read-plan.js'
import { RecordSource } from './record-source.js'

/** A truncation error that names the oldest record kept, as a position for `read({ from })`; other errors as they are. */
export async function nameOldest(
  error: unknown,
  context: ReadContext,
  signal: AbortSignal,
): Promise<unknown> {
  if (!WalError.isInstance(error) || error.code !== 'WAL_POSITION_TRUNCATED') return error
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
  const source = new RecordSource(context, plan, signal)
  try {
    const { records } = await source.next()
    return records[0] === undefined ? undefined : positionOf(records[0], plan.logIdentity ?? '', context)
  } finally {
    await source.close()
  }
}
