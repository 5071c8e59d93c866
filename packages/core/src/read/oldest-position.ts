import { PositionTruncatedError, type StartPosition } from '@wal/walimpls'
import type { Position } from '../api/position.js'
import type { KnownPlace } from '../log/known-place.js'
import { decodeRecord } from '../log/log-record.js'
import { formatPosition } from '../log/position.js'
import { LOOK_BYTES } from '../log/read-sizes.js'
import { CatchUp } from './catch-up.js'
import { positionOf } from './delivered-message.js'
import { planRead } from './plan-read.js'
import type { ReadLook } from './read-context.js'
import { RecordSource } from './record-source.js'

/**
 * The same truncation error, with the position of the oldest record kept for `read({ from })`. `known` is how far the reader
 * came. Records may be gone in the middle of a log: of a reader that has delivered record 4 of a log that lost the records 5
 * to 7, the oldest record kept is 8, though the records 1 to 4 are there too.
 */
export async function nameOldest(
  error: PositionTruncatedError,
  known: KnownPlace | undefined,
  look: ReadLook,
): Promise<unknown> {
  const oldest = await findOldest(error, known, look)
  if (oldest === undefined) return error
  const message = `${error.message} The oldest record kept is at ${oldest}`
  return new PositionTruncatedError(message, { oldest, cause: error })
}

async function findOldest(
  error: PositionTruncatedError,
  known: KnownPlace | undefined,
  look: ReadLook,
): Promise<Position | undefined> {
  const end = await look.end(look.signal)
  const plan = planRead({}, end, look)
  // Only a backend names the place where it has records again; core's own refusals speak of the truncation point.
  const behind = error.oldest === undefined ? undefined : look.ids.parse(error.oldest)
  const reached = known?.timeTick ?? -1n
  if (behind !== undefined && (end.truncation?.timeTick ?? -1n) <= reached)
    return positionBefore({ from: behind }, reached, look)
  if (plan.kind === 'foreign') return positionBefore('oldest', -1n, look)
  const source = new RecordSource(look, plan, { signal: look.signal, readBytes: LOOK_BYTES })
  try {
    const oldest = (await source.next()).units[0]
    // Its last-confirmed id may be gone. Everything from the record itself on is kept.
    const kept = oldest && { ...oldest, lastConfirmed: '' }
    return kept && positionOf(kept, plan.logIdentity ?? '', look)
  } finally {
    await source.close()
  }
}

/** Right before the first stored record from `start` on, for a reader that has everything up to the time tick `reached`. */
export async function positionBefore(
  start: StartPosition,
  reached: bigint,
  look: ReadLook,
): Promise<Position | undefined> {
  const { backend, ids, signal } = look
  const { logIdentity = '' } = await look.end(signal)
  const catchUp = new CatchUp(look, () => start, { readBytes: LOOK_BYTES, signal })
  try {
    const first = (await catchUp.next())?.[0]
    if (first === undefined) return undefined
    const { term, incarnation } = decodeRecord(first, look)
    const lastConfirmed = ids.serialise(first.id)
    const timeTick = reached < 0n ? 0n : reached
    const writer = { term, incarnation }
    return formatPosition({ backend, logIdentity, lastConfirmed, writer, timeTick, gap: true })
  } finally {
    await catchUp.close()
  }
}
