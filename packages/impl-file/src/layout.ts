import { join } from 'node:path'

/**
 * What a channel's folder holds: `epoch-<N>`, the marker of the N-th writer, and segments named after the first record
 * they hold, the epoch of the writer that may touch them, and their ordinal within that epoch. No name is used twice.
 */
export interface SegmentName {
  readonly file: string
  readonly firstId: number
  readonly epoch: number
  readonly ordinal: number
}

export interface Listing {
  /** In order of writing: by epoch, then ordinal. */
  readonly segments: readonly SegmentName[]
  /** The highest epoch of which there is a marker; 0 when there is none. */
  readonly highestMarker: number
}

const SEGMENT = /^([0-9]{16})-([0-9]{10})-([0-9]{8})\.seg$/
const EPOCH = /^epoch-([1-9][0-9]{0,9})$/

/** The numbers in a name have fixed widths, so that names sort in the order of their records. */
export function segmentName(firstId: number, epoch: number, ordinal: number): SegmentName {
  const file = `${digits(firstId, 16)}-${digits(epoch, 10)}-${digits(ordinal, 8)}.seg`
  return { file, firstId, epoch, ordinal }
}

/** The name of the segment that the same writer starts after `name`. */
export function nextOrdinal(name: SegmentName, firstId: number): SegmentName {
  return segmentName(firstId, name.epoch, name.ordinal + 1)
}

export function epochPath(directory: string, epoch: number): string {
  return join(directory, `epoch-${epoch}`)
}

export function segmentPath(directory: string, name: SegmentName): string {
  return join(directory, name.file)
}

/** Undefined for other names, such as an editor's back-up or `lost+found`: these files are left alone. */
export function parseListing(names: readonly string[]): Listing {
  const segments: SegmentName[] = []
  let highestMarker = 0
  for (const file of names) {
    const segment = SEGMENT.exec(file)
    if (segment !== null)
      segments.push({
        file,
        firstId: Number(segment[1]),
        epoch: Number(segment[2]),
        ordinal: Number(segment[3]),
      })
    const marker = EPOCH.exec(file)
    if (marker !== null) highestMarker = Math.max(highestMarker, Number(marker[1]))
  }
  return { segments: segments.sort(byWriting), highestMarker }
}

export function byWriting(a: SegmentName, b: SegmentName): number {
  return a.epoch - b.epoch || a.ordinal - b.ordinal
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
