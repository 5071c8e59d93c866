import { PositionTruncatedError } from '../errors/position-truncated-error.js'
import type { StartPosition } from '../scanner.js'
import type { NumberId, NumberIdCodec } from './number-id.js'

/** What a log that numbers its records holds. */
export interface LogBounds {
  /** The lowest number it ever gave out; 1 when not said. Nothing is missing below. */
  readonly first?: number
  /** Of the oldest record kept; `next` when it has none. */
  readonly oldest: number
  /** Of the record stored next. */
  readonly next: number
}

/** The number to read from. Throws `WAL_POSITION_TRUNCATED` when that one, or one between it and the oldest, is gone. */
export function startValue(codec: NumberIdCodec, start: StartPosition<NumberId>, bounds: LogBounds): number {
  const { first = 1, oldest, next } = bounds
  if (start === 'oldest') return oldest
  if (start === 'latest') return next
  const wanted = Math.max(codec.numberOf(start.from), first)
  checkKept(codec, wanted, oldest)
  return wanted
}

/** Throws `WAL_POSITION_TRUNCATED` when a reader about to read `wanted` finds that the log begins above it. */
export function checkKept(codec: NumberIdCodec, wanted: number, oldest: number): void {
  if (wanted >= oldest) return
  const begin = codec.serialise(codec.of(oldest))
  throw new PositionTruncatedError(
    `Record ${codec.serialise(codec.of(wanted))} was truncated. The oldest record kept is ${begin}.`,
    { oldest: begin },
  )
}

/**
 * Of a page in id order, the records numbered from `wanted` on without a hole, for a log that leaves no number out. Throws
 * `WAL_POSITION_TRUNCATED` when the first of them is gone, truncated or removed by others: with the next one kept as `oldest`,
 * or without when there is none, though the log gave out numbers up to `next`. Ask for `next` before the page: a record may
 * be stored in between.
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
