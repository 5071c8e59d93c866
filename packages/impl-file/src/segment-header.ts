import { crc32 } from 'node:zlib'
import { WalError, type Writer } from '@wal/walimpls'
import { readUint53, writeUint53 } from './frame.js'
import { type SegmentName, segmentName } from './layout.js'

/** A segment, and the byte in it up to which the log is durable and counts. */
export interface Seal {
  readonly segment: SegmentName
  readonly end: number
}

/**
 * The first 96 bytes of a segment, little-endian. They say where the segment before ends, which is what makes a takeover
 * final: whatever lies behind that byte is void.
 *
 *      0  8 bytes  "@wal/seg"
 *      8  u32      format version
 *     12  u32 u32  epoch, ordinal; u64 at 20: id of the first record
 *     28  u32 u32  epoch, ordinal of the segment before, u64 at 36: its first id, u64 at 44: the byte at which it is
 *                  sealed; all zero when there is none
 *     52  u64      the writer's term; 32 bytes at 60: its incarnation, filled up with zeros
 *     92  u32      crc32 of bytes 0 to 91
 */
export interface SegmentHeader {
  readonly name: SegmentName
  readonly previous: Seal | undefined
  readonly writer: Writer
}

export const SEGMENT_HEADER_BYTES = 96
const MAGIC = '@wal/seg'
const VERSION = 1

export function encodeSegmentHeader({ name, previous, writer }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.write(MAGIC, 0, 'latin1')
  bytes.writeUInt32LE(VERSION, 8)
  bytes.writeUInt32LE(name.epoch, 12)
  bytes.writeUInt32LE(name.ordinal, 16)
  writeUint53(bytes, name.firstId, 20)
  if (previous !== undefined) {
    bytes.writeUInt32LE(previous.segment.epoch, 28)
    bytes.writeUInt32LE(previous.segment.ordinal, 32)
    writeUint53(bytes, previous.segment.firstId, 36)
    writeUint53(bytes, previous.end, 44)
  }
  writeUint53(bytes, writer.term, 52)
  bytes.write(writer.incarnation, 60, 32, 'latin1')
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 92)
  return bytes
}

/**
 * Undefined unless the bytes are an intact header of the segment `name`. Throws `WAL_SPEC_UNSUPPORTED` for a later format.
 */
export function decodeSegmentHeader(bytes: Buffer, name: SegmentName): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) return undefined
  if (crc32(bytes.subarray(0, 92)) !== bytes.readUInt32LE(92)) return undefined
  const version = bytes.readUInt32LE(8)
  if (version !== VERSION)
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `${name.file} has version ${version} of the segment format, and this version of @wal/impl-file reads version ${VERSION}. Upgrade @wal/impl-file.`,
    )
  const own = segmentName(readUint53(bytes, 20), bytes.readUInt32LE(12), bytes.readUInt32LE(16))
  if (own.file !== name.file) return undefined
  const end = readUint53(bytes, 44)
  const previous = segmentName(readUint53(bytes, 36), bytes.readUInt32LE(28), bytes.readUInt32LE(32))
  const incarnation = bytes.toString('latin1', 60, 92).replace(/\0+$/, '')
  return {
    name,
    previous: end === 0 ? undefined : { segment: previous, end },
    writer: { term: readUint53(bytes, 52), incarnation },
  }
}
