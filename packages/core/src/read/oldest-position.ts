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
 * The same truncation error, with the position of the oldest record kept, for `read({ from })`. `known` is the last record that
 * the reader had read. Records may be missing in the middle of a log: if the log lost records 5 to 7 and the reader has
 * delivered record 4, the error names record 8, although records 1 to 4 are still kept.
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
  // Only an error of the backend names a record that is kept behind the missing ones. Errors that this package makes itself are
  // about the truncation point.
  const behind = error.oldest === undefined ? undefined : look.ids.parse(error.oldest)
  const reached = known?.timeTick ?? -1n
  if (behind !== undefined && (end.truncation?.timeTick ?? -1n) <= reached)
    return positionBefore({ from: behind }, reached, look)
  if (plan.kind === 'foreign') return positionBefore('oldest', -1n, look)
  const source = new RecordSource(look, plan, { signal: look.signal, readBytes: LOOK_BYTES })
  try {
    const oldest = (await source.next()).units[0]
    // The record's last-confirmed id may be gone, so the position begins at the record itself.
    const kept = oldest && { ...oldest, lastConfirmed: '' }
    return kept && positionOf(kept, plan.logIdentity ?? '', look)
  } finally {
    await source.close()
  }
}

/**
 * A position right before the first record that is stored from `start` on. `reached`: the time tick up to which the reader
 * already has everything.
 */
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
