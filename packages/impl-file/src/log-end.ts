import { corrupt, type Runtime, type StoredMessage } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { FrameDecoder } from './frame-decoder.js'
import type { Listing } from './layout.js'
import type { LogDirectory } from './log-directory.js'
import { LogReader } from './log-reader.js'
import { SEGMENT_HEADER_BYTES, type Seal } from './segment-header.js'
import { SegmentReader } from './segment-reader.js'

/** Where a new writer takes over. */
export interface LogEnd {
  /** Undefined when there is nothing before. */
  readonly seal: Seal | undefined
  readonly nextId: number
}

/**
 * Finds the end of the log for a writer that has taken its epoch, and makes everything below durable. A writer before it
 * acknowledges no more but what is already there to be read, so whatever ends up behind this end is void.
 *
 * One batch at most is not synced, so what is torn is the last one: it is left out and reported through `report`.
 * Damage before it is `WAL_CORRUPT`.
 */
export async function findEnd(log: LogDirectory, report: (notice: string) => void): Promise<LogEnd> {
  const listing = await log.listing()
  const head = await log.head(listing)
  reportIncomplete(listing, head?.name.file, report)
  // Ids are never given out twice, also if the only segment that truncation left has lost its only batch.
  if (head === undefined) return { seal: undefined, nextId: listing.segments.at(-1)?.firstId ?? 1 }
  const reader = await SegmentReader.open(log.files, log.path, head.name)
  try {
    const end = await scan(reader, log, report)
    await reader.sync()
    return end
  } finally {
    await reader.close()
  }
}

/** The last record that a reader would be given now. */
export async function lastRecord(
  log: LogDirectory,
  runtime: Runtime,
): Promise<StoredMessage<NumberId> | undefined> {
  const head = (await log.links()).at(-1)
  if (head === undefined) return undefined
  // From the last known batch on; every final segment has at least one.
  const from = log.index.latest(head.name)?.firstId ?? head.name.firstId
  const reader = new LogReader(log, runtime, from)
  try {
    let last = await reader.nextFrame()
    for (let next = last; next !== undefined; next = await reader.nextFrame()) last = next
    if (last === undefined) return undefined
    const { bytes, at, header, place } = last
    const messages: StoredMessage<NumberId>[] = []
    new FrameDecoder(bytes, at, header, place, header.firstId + header.count - 1).take(messages, 1)
    return messages[0]
  } finally {
    await reader.close()
  }
}

async function scan(
  reader: SegmentReader,
  log: LogDirectory,
  report: (notice: string) => void,
): Promise<LogEnd> {
  const { name } = reader
  let position = log.index.latest(name)?.offset ?? SEGMENT_HEADER_BYTES
  let nextId = name.firstId
  let closed = false
  for (;;) {
    const { frames, end, more, size } = await reader.read(position)
    for (const frame of frames) {
      nextId = frame.firstId + frame.count
      closed = frame.count === 0
    }
    position = end
    if (more) continue
    if (size > end && (await reader.anyBytesBehind(end))) {
      const place = `${reader.path}, offset ${end}`
      if (closed) throw corrupt(place, 'bytes that no writer wrote, behind the mark of a clean close')
      await reader.assertNotDamaged(end)
      report(
        `${place}: the last batch is not whole, as after a crash while it was written; its ${size - end} bytes were left out`,
      )
    }
    return { seal: { segment: name, end }, nextId }
  }
}

/** Segments above the head do not count: their first batch is torn, or its writer is still at it (and too late). */
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
