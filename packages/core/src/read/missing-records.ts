import type { TimeTick, Writer } from '@wal/walimpls'
import type { TruncationPoint } from '../log/truncation-point.js'

/** Records that are gone, though a reader should have been given them. */
export interface MissingRecords {
  readonly reason: 'truncated' | 'lost'
  /** They lie above this time tick; undefined: nothing below is known. */
  readonly after: TimeTick | undefined
  /** They lie below this time tick. */
  readonly before: TimeTick
  /** Where to go on. */
  readonly resumeAt: {
    readonly lastConfirmed: string
    readonly writer: Writer
    readonly timeTick: TimeTick
    readonly gap?: true
  }
}

export function missingUpTo(
  { id, writer, timeTick }: TruncationPoint,
  after: TimeTick | undefined,
): MissingRecords {
  const resumeAt = { lastConfirmed: id, writer, timeTick }
  return { reason: 'truncated', after, before: timeTick + 1n, resumeAt }
}
