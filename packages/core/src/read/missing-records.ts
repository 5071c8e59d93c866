import type { TimeTick, Writer } from '@wal/walimpls'
import type { TruncationPoint } from '../log/truncation-point.js'

/** A stretch of the log whose records are gone, though a reader should have got them. */
export interface MissingRecords {
  readonly reason: 'truncated' | 'lost'
  /** The missing records lie above this time tick; undefined when the reader knows of nothing below them. */
  readonly after: TimeTick | undefined
  /** The missing records lie below this time tick. */
  readonly before: TimeTick
  /** The place behind the missing records, where reading goes on. */
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
