import { corrupt, type Runtime, type StoredMessage, WalError } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { FRAME_HEADER_BYTES, type FrameBody, type FrameHeader } from './frame.js'
import { FrameDecoder } from './frame-decoder.js'
import type { Listing, SegmentName } from './layout.js'
import type { LogDirectory } from './log-directory.js'
import { LogReader } from './log-reader.js'
import { SEGMENT_HEADER_BYTES, type Seal, type SegmentHeader } from './segment-header.js'
import type { Chunk, SegmentReader } from './segment-reader.js'

/** A truncation may remove the segment that is looked at. So many looks in a row are not all overtaken by truncations. */
const LOOKS = 10

/** Where a new writer takes over. */
export interface LogEnd {
  /** Undefined when the log has no segment before. */
  readonly seal: Seal | undefined
  readonly nextId: number
  /**
   * The last batch, behind the seal, for the new writer to write again as its first. Whether it is durable only its own
   * writer could know: a sync asked for now may answer for bytes that an earlier, failed one has dropped. All before it
   * are, since a batch is begun only after the one before it was durable.
   */
  readonly unproven: Unproven | undefined
}

export interface Unproven extends FrameBody {
  /** Where it lies, up to `end`; from the segment's beginning on, if its header is as little proven. */
  readonly place: { readonly segment: SegmentName; readonly start: number; readonly end: number }
}

/**
 * Finds the end of the log for a writer that has taken its epoch. Writers before it acknowledge no more but what is
 * already there to be read, so whatever ends up behind this end is void.
 *
 * One batch at most is not durable, so what is torn is the last one: it is left out and reported through `report`.
 * Damage before it is `WAL_CORRUPT`.
 */
export async function findEnd(log: LogDirectory, report: (notice: string) => void): Promise<LogEnd> {
  const listing = await log.listing()
  const head = await log.head(listing)
  reportIncomplete(listing, head?.name.file, report)
  // Ids are never given out twice, even when truncation left one segment and that has lost its only batch: the name of the
  // segment says which id it began with.
  if (head === undefined)
    return { seal: undefined, nextId: listing.segments.at(-1)?.firstId ?? 1, unproven: undefined }
  const reader = await log.openSegment(head.name)
  try {
    const begin = log.index.latest(head.name)?.offset ?? SEGMENT_HEADER_BYTES
    return endBefore(head, await lastFrame(reader, begin, report))
  } finally {
    await reader.close()
  }
}

/** The last record that a reader would be given now. */
export async function lastRecord(
  log: LogDirectory,
  runtime: Runtime,
): Promise<StoredMessage<NumberId> | undefined> {
  // The segment that is looked at may be truncated meanwhile. The next look does not find it any more.
  for (let attempt = 1; ; attempt++) {
    try {
      return await lookAtLast(log, runtime)
    } catch (error) {
      const truncated = WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
      if (!truncated || attempt === LOOKS) throw error
    }
  }
}

async function lookAtLast(log: LogDirectory, runtime: Runtime): Promise<StoredMessage<NumberId> | undefined> {
  const head = (await log.links()).at(-1)
  if (head === undefined) return undefined
  // From the last known batch on; every final segment has at least one.
  const from = log.index.latest(head.name)?.firstId ?? head.name.firstId
  const reader = new LogReader(log, runtime, { nextId: from })
  try {
    let last = await reader.nextFrame()
    for (let next = last; next !== undefined; next = await reader.nextFrame()) last = next
    if (last === undefined) return undefined
    const { firstId, count } = last.header
    const messages: StoredMessage<NumberId>[] = []
    new FrameDecoder(last, firstId + count - 1).decode(messages, 1)
    return messages[0]
  } finally {
    await reader.close()
  }
}

/** A frame, and the piece of the segment that it was read with. */
interface ChunkFrame {
  readonly chunk: Chunk
  readonly frame: FrameHeader
}

/** Reads the segment from `begin`, where a whole frame lies, to the last whole frame. */
async function lastFrame(
  reader: SegmentReader,
  begin: number,
  report: (notice: string) => void,
): Promise<ChunkFrame> {
  let position = begin
  let last: ChunkFrame | undefined
  for (;;) {
    const chunk = await reader.read(position)
    const frame = chunk.frames.at(-1)
    if (frame !== undefined) last = { chunk, frame }
    position = chunk.end
    if (!chunk.more) {
      if (chunk.size > position) {
        const closed = last?.frame.count === 0
        const torn = await tornBatch(reader, { position, size: chunk.size, closed })
        if (torn !== undefined) report(torn)
      }
      return last as ChunkFrame
    }
  }
}

/** What to report of the bytes between the last whole frame and the end of the file; undefined when these are zeros. */
async function tornBatch(
  reader: SegmentReader,
  { position, size, closed }: { readonly position: number; readonly size: number; readonly closed: boolean },
): Promise<string | undefined> {
  if (!(await reader.anyBytesBehind(position))) return undefined
  const place = `${reader.path}, offset ${position}`
  if (closed)
    throw corrupt(place, 'bytes follow the mark of a clean close, though no writer has opened the log since')
  await reader.assertNotDamaged(position)
  return `${place}: the last batch is not whole, as after a crash while it was written; its ${size - position} bytes were left out`
}

function endBefore({ name, previous }: SegmentHeader, { chunk, frame }: ChunkFrame): LogEnd {
  const { firstId, count, sequence, start, bodyBytes, bodyCrc } = frame
  // The mark of a clean close proves what is before it, and is itself of no use to the next writer.
  const first = start === SEGMENT_HEADER_BYTES
  const bodyStart = start - chunk.start + FRAME_HEADER_BYTES
  const unproven =
    count === 0
      ? undefined
      : {
          packed: [Buffer.from(chunk.bytes.subarray(bodyStart, bodyStart + bodyBytes))],
          bodyBytes,
          bodyCrc,
          count,
          sequence,
          place: { segment: name, start: first ? 0 : start, end: frame.end },
        }
  // With its only batch a segment leaves the log: its header was in the same write, and is as little proven.
  const seal = first ? previous : { segment: name, end: start }
  return { seal, nextId: firstId, unproven }
}

/**
 * Reports segments above the head, which do not count: their first batch is torn, or a superseded writer is still writing
 * it.
 */
function reportIncomplete(
  { segments }: Listing,
  head: string | undefined,
  report: (notice: string) => void,
): void {
  const above = segments.slice(segments.findIndex(({ file }) => file === head) + 1)
  for (const { file } of above)
    report(
      `${file}, offset 0: the first batch of the segment is not whole, as after a crash while it was written; the segment was left out`,
    )
}
