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
    `record ${codec.serialise(codec.of(wanted))} is below the oldest one kept, ${begin}: it was truncated`,
    { oldest: begin },
  )
}
