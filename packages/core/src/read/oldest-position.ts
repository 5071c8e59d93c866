import { PositionTruncatedError, type StartPosition } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { KnownPlace } from '../log/known-place.js'
import { decodeRecord } from '../log/log-record.js'
import { formatPosition } from '../log/position.js'
import { LOOK_BYTES } from '../log/read-sizes.js'
import { CatchUp } from './catch-up.js'
import { positionOf } from './delivered-message.js'
import { planRead } from './plan-read.js'
import type { ReadContext } from './read-context.js'
import { RecordSource } from './record-source.js'

/**
 * The same truncation error with the oldest record kept as a position for `read({ from })`. `known` is how far the reader
 * came: records may be gone in the middle of a log, and then the oldest one kept is the first behind them.
 */
export async function nameOldest(
  error: PositionTruncatedError,
  known: KnownPlace | undefined,
  context: ReadContext,
  signal: AbortSignal,
): Promise<unknown> {
  const oldest = await findOldest(error, known, context, signal)
  if (oldest === undefined) return error
  const message = `${error.message} The oldest record kept is at ${oldest}`
  return new PositionTruncatedError(message, { oldest, cause: error })
}

async function findOldest(
  error: PositionTruncatedError,
  known: KnownPlace | undefined,
  context: ReadContext,
  signal: AbortSignal,
): Promise<Position | undefined> {
  const end = await context.end(signal)
  const plan = planRead({}, end, context)
  // Only a backend names the place where it has records again; core's own refusals speak of the truncation point.
  const behind = error.oldest === undefined ? undefined : context.ids.parse(error.oldest)
  const reached = known?.timeTick ?? -1n
  if (behind !== undefined && (end.truncation?.timeTick ?? -1n) <= reached)
    return positionBefore({ from: behind }, { reached, context, signal })
  if (plan.kind === 'foreign') return positionBefore('oldest', { reached: -1n, context, signal })
  const source = new RecordSource(context, plan, { signal, readBytes: LOOK_BYTES })
  try {
    const oldest = (await source.next()).units[0]
    // Its last-confirmed id may be gone; everything from itself on is not.
    const kept = oldest && { ...oldest, lastConfirmed: '' }
    return kept && positionOf(kept, plan.logIdentity ?? '', context)
  } finally {
    await source.close()
  }
}

/** Right before the first stored record from `start` on, for a reader that has everything up to `reached`. */
export async function positionBefore(
  start: StartPosition,
  reader: {
    readonly reached: bigint
    readonly context: ReadContext
    readonly signal: AbortSignal
  },
): Promise<Position | undefined> {
  const { reached, context, signal } = reader
  const { backend, ids, where } = context
  const { logIdentity = '' } = await context.end(signal)
  const catchUp = new CatchUp(context, () => start, { readBytes: LOOK_BYTES, signal })
  try {
    const first = (await catchUp.next())?.[0]
    if (first === undefined) return undefined
    const { term, incarnation } = decodeRecord(first, where, ids)
    const lastConfirmed = ids.serialise(first.id)
    const timeTick = reached < 0n ? 0n : reached
    const writer = { term, incarnation }
    return formatPosition({ backend, logIdentity, lastConfirmed, writer, timeTick, gap: true })
  } finally {
    await catchUp.close()
  }
}
