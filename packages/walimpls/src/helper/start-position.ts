import { PositionTruncatedError } from '../errors/position-truncated-error.js'
import type { StartPosition } from '../scanner.js'
import type { NumberId, NumberIdCodec } from './number-id.js'

/** The bounds of a log whose backend numbers its records. */
export interface LogBounds {
  /** The lowest number that the log ever gave out. Default: 1. */
  readonly first?: number
  /** The number of the oldest record that is kept; equal to `next` when no record is kept. */
  readonly oldest: number
  /** The number that the next record will get. */
  readonly next: number
}

/**
 * The record number at which a scanner with this start position begins. Throws `WAL_POSITION_TRUNCATED` when the position lies
 * below the oldest record kept.
 */
export function startValue(codec: NumberIdCodec, start: StartPosition<NumberId>, bounds: LogBounds): number {
  const { first = 1, oldest, next } = bounds
  if (start === 'oldest') return oldest
  if (start === 'latest') return next
  const wanted = Math.max(codec.numberOf(start.from), first)
  checkKept(codec, wanted, oldest)
  return wanted
}

/** Throws `WAL_POSITION_TRUNCATED` when the record `wanted`, which a reader wants next, lies below the oldest record kept. */
export function checkKept(codec: NumberIdCodec, wanted: number, oldest: number): void {
  if (wanted >= oldest) return
  const begin = codec.serialise(codec.of(oldest))
  throw new PositionTruncatedError(
    `Record ${codec.serialise(codec.of(wanted))} was truncated. The oldest record kept is ${begin}.`,
    { oldest: begin },
  )
}

/**
 * The beginning of a page, up to the first missing number; record numbers start at `wanted`. For logs whose numbers have no
 * holes: a number that is missing was truncated or removed by others. Throws `WAL_POSITION_TRUNCATED` when `wanted` itself is
 * missing. The error's `oldest` is the first record on the page, absent when the page is empty although the log gave out
 * numbers up to `next`. Read `next` before the page, since a record may be stored between the two reads.
 */
export function keptRun<M extends { readonly id: NumberId }>(
  codec: NumberIdCodec,
  { wanted, next }: { readonly wanted: number; readonly next: number },
  page: readonly M[],
): readonly M[] {
  const hole = page.findIndex(({ id }, i) => codec.numberOf(id) !== wanted + i)
  if (hole > 0) return page.slice(0, hole)
  if (hole < 0 && (page.length > 0 || wanted >= next)) return page
  const kept = page[0] === undefined ? undefined : codec.serialise(page[0].id)
  const behind =
    kept === undefined ? 'No record is kept behind it' : `The first record kept behind it is ${kept}`
  throw new PositionTruncatedError(
    `Record ${codec.serialise(codec.of(wanted))} was truncated, or removed by others. ${behind}.`,
    kept === undefined ? {} : { oldest: kept },
  )
}
