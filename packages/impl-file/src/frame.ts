import { crc32 } from 'node:zlib'
import type { Batch } from '@wal/walimpls'

/**
 * A frame is a batch on disk, little-endian, at a multiple of 8:
 *
 *      0  u32  magic "WALf"
 *      4  u32  length of the body
 *      8  u64  id of the first record
 *     16  u32  number of records; 0: the mark of a clean close
 *     20  u64  the batch's sequence
 *     28  u32  crc32 of the body
 *     32  u32  crc32 of bytes 0 to 31, seeded with segment and offset
 *     36  u32  zero
 *     40       the body, then zeros up to a multiple of 8
 *
 * The header has a check sum of its own so that a header can be recognised without its body: finding one behind damage
 * tells a torn end from damage in the middle.
 */
export interface FrameHeader {
  /** Offset in the segment. */
  readonly start: number
  /** Offset behind the padding: where the next frame starts. */
  readonly end: number
  readonly bodyBytes: number
  readonly firstId: number
  readonly count: number
  readonly sequence: number
  readonly bodyCrc: number
}

/** A batch that is to be written, before its place in a segment is known. */
export interface FrameBody {
  /** The records, packed one behind the other: the body, in runs of bytes. */
  readonly packed: readonly Uint8Array[]
  readonly bodyBytes: number
  /** The check sum, made while the disk is busy with the batch before. */
  readonly bodyCrc: number
  readonly count: number
  readonly sequence: number
}

export const FRAME_HEADER_BYTES = 40
const MAGIC = 0x664c4157
const CHECKED_BYTES = 32
const ZEROS = Buffer.alloc(8)

/**
 * The part of the check sum's seed that stands for the segment: a frame copied to another segment has a wrong check sum
 * there.
 */
export function identityOf(segmentFile: string): number {
  return crc32(segmentFile)
}

/** Length of a frame with the padding, from the end of its body. */
function paddedLength(bodyEnd: number): number {
  return (bodyEnd + 7) & ~7
}

/** The body of a frame for a batch: the same runs of bytes in which the batch has its records. */
export function frameBody({
  packed,
  count,
  sequence,
}: Pick<Batch, 'packed' | 'count' | 'sequence'>): FrameBody {
  let bodyBytes = 0
  let bodyCrc = 0
  for (const run of packed) {
    bodyBytes += run.length
    bodyCrc = crc32(run, bodyCrc)
  }
  return { packed, bodyBytes, bodyCrc, count, sequence }
}

/** The mark of a clean close: a frame of no records. */
export const CLEAN_CLOSE: FrameBody = { packed: [], bodyBytes: 0, bodyCrc: 0, count: 0, sequence: 0 }

/** How long the frame of this body is, with its header and the zeros behind it. */
export function frameBytes({ bodyBytes }: Pick<FrameBody, 'bodyBytes'>): number {
  return paddedLength(FRAME_HEADER_BYTES + bodyBytes)
}

/**
 * Frames up to this size are copied into one buffer. Writing several buffers at once costs some microseconds more than writing
 * one, which is more than copying this many bytes costs.
 */
const COPIED_BYTES = 16 * 1024

/** The bytes of a frame: header, body and zeros, to be written one behind the other. A large body is not copied. */
export function frameOf(
  body: FrameBody,
  {
    firstId,
    identity,
    offset,
  }: { readonly firstId: number; readonly identity: number; readonly offset: number },
): Uint8Array[] {
  const length = frameBytes(body)
  const copied = length <= COPIED_BYTES
  const header = Buffer.allocUnsafe(copied ? length : FRAME_HEADER_BYTES)
  header.writeUInt32LE(MAGIC, 0)
  header.writeUInt32LE(body.bodyBytes, 4)
  writeUint53(header, firstId, 8)
  header.writeUInt32LE(body.count, 16)
  writeUint53(header, body.sequence, 20)
  header.writeUInt32LE(body.bodyCrc, 28)
  header.writeUInt32LE(crc32(header.subarray(0, CHECKED_BYTES), seedOf(identity, offset)), CHECKED_BYTES)
  header.writeUInt32LE(0, CHECKED_BYTES + 4)
  if (copied) {
    let at = FRAME_HEADER_BYTES
    for (const run of body.packed) {
      header.set(run, at)
      at += run.length
    }
    header.fill(0, at)
    return [header]
  }
  const padding = length - FRAME_HEADER_BYTES - body.bodyBytes
  return [header, ...body.packed, ...(padding === 0 ? [] : [ZEROS.subarray(0, padding)])]
}

/** Where a frame was written: its check sum covers the place, so that a frame copied elsewhere is not taken for one. */
export interface FramePlace {
  /** `identityOf` the name of the segment's file. */
  readonly identity: number
  /** Offset in the segment. */
  readonly offset: number
}

/** The header at `at`, if there is an intact one that was written for this very segment and offset. */
export function readFrameHeader(
  bytes: Buffer,
  at: number,
  { identity, offset }: FramePlace,
): FrameHeader | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined
  const crc = crc32(bytes.subarray(at, at + CHECKED_BYTES), seedOf(identity, offset))
  // The last four bytes of a header are always zero. Other bytes there are damage.
  if (crc !== bytes.readUInt32LE(at + 32) || bytes.readUInt32LE(at + 36) !== 0) return undefined
  const bodyBytes = bytes.readUInt32LE(at + 4)
  return {
    start: offset,
    end: offset + paddedLength(FRAME_HEADER_BYTES + bodyBytes),
    bodyBytes,
    firstId: readUint53(bytes, at + 8),
    count: bytes.readUInt32LE(at + 16),
    sequence: readUint53(bytes, at + 20),
    bodyCrc: bytes.readUInt32LE(at + 28),
  }
}

/** Whether the body of the frame at `at` is whole. All of the frame must lie within `bytes`. */
export function bodyIntact(bytes: Buffer, at: number, header: FrameHeader): boolean {
  const bodyStart = at + FRAME_HEADER_BYTES
  const bodyEnd = bodyStart + header.bodyBytes
  if (crc32(bytes.subarray(bodyStart, bodyEnd)) !== header.bodyCrc) return false
  for (let i = bodyEnd; i < at + header.end - header.start; i++) if (bytes[i] !== 0) return false
  return true
}

/** Whether an intact header starts anywhere in `bytes`, which begin at `offset` of the segment. */
export function anyFrameHeader(bytes: Buffer, identity: number, offset: number): boolean {
  const first = (8 - (offset % 8)) % 8
  for (let at = first; at + FRAME_HEADER_BYTES <= bytes.length; at += 8)
    if (bytes.readUInt32LE(at) === MAGIC && readFrameHeader(bytes, at, { identity, offset: offset + at }))
      return true
  return false
}

export function writeUint53(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, at)
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}

export function readUint53(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}

/** crc32 started with two different seeds never gives the same sum for the same bytes. */
function seedOf(identity: number, offset: number): number {
  return (identity + offset / 8) >>> 0
}
