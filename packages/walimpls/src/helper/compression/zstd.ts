import zlib from 'node:zlib'
import { BadCompression, type BoundedOutput } from './bounded-output.js'
import { decompressFrames } from './frames.js'
import { LARGEST_BLOCK, ZstdBlocks } from './zstd-block.js'

/** Node's own decompression, which exists from Node 22.15 on. */
type NativeZstd = (bytes: Buffer, options: { maxOutputLength: number }) => Buffer
const native = (zlib as { zstdDecompressSync?: NativeZstd }).zstdDecompressSync

/**
 * Decompresses frames of zstd: with Node's zlib where that has zstd, else in JavaScript. Throws some error for anything else,
 * and when there are more than `maxBytes`.
 */
export function decompressZstd(bytes: Buffer, maxBytes: number): Buffer {
  if (native !== undefined) return native(bytes, { maxOutputLength: maxBytes })
  return decompressInJavaScript(bytes, maxBytes)
}

const FRAME_MAGIC = 0xfd2fb528

/** Bits of a frame's first byte. The two highest say how long the content's size is, the two lowest how long a dictionary's id. */
const SINGLE_SEGMENT = 32
const RESERVED_BIT = 8
const CHECKSUM = 4
const CHECKSUM_BYTES = 4

/** Kinds of blocks. */
const PLAIN = 0
const ONE_BYTE = 1
const COMPRESSED = 2

/**
 * The same, always in JavaScript, after RFC 8878. Check sums are not looked at, since the check sum of the stored batch covers
 * the same bytes. All output is kept, so the size of the window does not matter. Throws `BadCompression`.
 */
export function decompressInJavaScript(bytes: Buffer, maxBytes: number): Buffer {
  return decompressFrames(bytes, maxBytes, readFrame)
}

/** Answers the place behind the frame. */
function readFrame(bytes: Buffer, start: number, to: BoundedOutput): number {
  const magic = readLE(bytes, start, 4)
  if (magic !== FRAME_MAGIC) throw new BadCompression('it is no zstd frame')
  const { checksum, contentSize, next } = readFrameHeader(bytes, start + 4)
  const frameStart = to.length
  const blocks = new ZstdBlocks(to)
  let at = next
  for (let last = false; !last; ) {
    const header = readLE(bytes, at, 3)
    last = (header & 1) === 1
    const kind = (header >>> 1) & 3
    const size = header >>> 3
    const end = at + 3 + (kind === ONE_BYTE ? 1 : size)
    if (kind > COMPRESSED || size > LARGEST_BLOCK) throw new BadCompression('a block is of no known kind')
    if (end > bytes.length) throw new BadCompression('a frame ends too early')
    if (kind === COMPRESSED) blocks.decode(bytes.subarray(at + 3, end))
    else if (size > 0) {
      to.literals(bytes, at + 3, kind === PLAIN ? size : 1)
      if (kind === ONE_BYTE) to.repeat(1, size - 1, frameStart)
    }
    at = end
  }
  if (contentSize !== undefined && to.length - frameStart !== contentSize)
    throw new BadCompression(`a frame has ${to.length - frameStart} bytes and says ${contentSize}`)
  return at + (checksum ? CHECKSUM_BYTES : 0)
}

interface FrameHeader {
  readonly checksum: boolean
  /** How many bytes the frame becomes, when it says so. */
  readonly contentSize: number | undefined
  /** The place behind the header. */
  readonly next: number
}

function readFrameHeader(bytes: Buffer, start: number): FrameHeader {
  const flags = readLE(bytes, start, 1)
  if (flags & RESERVED_BIT) throw new BadCompression('it is no zstd frame')
  const single = (flags & SINGLE_SEGMENT) !== 0
  // Behind the flags comes the size of the window, unless the frame is to be kept as a whole.
  let at = start + (single ? 1 : 2)
  const idBytes = [0, 1, 2, 4][flags & 3] as number
  if (idBytes > 0 && readLE(bytes, at, idBytes) !== 0) throw new BadCompression('it needs a dictionary')
  at += idBytes
  const sizeBytes = flags >>> 6 === 0 ? Number(single) : 2 ** (flags >>> 6)
  const size = sizeBytes === 0 ? undefined : readSize(bytes, at, sizeBytes)
  return { checksum: (flags & CHECKSUM) !== 0, contentSize: size, next: at + sizeBytes }
}

/** A size of two bytes is 256 more than it says. */
function readSize(bytes: Buffer, at: number, count: number): number {
  if (count === 8) return readLE(bytes, at, 6) + readLE(bytes, at + 6, 2) * 2 ** 48
  return readLE(bytes, at, count) + (count === 2 ? 256 : 0)
}

function readLE(bytes: Buffer, at: number, count: number): number {
  if (at + count > bytes.length) throw new BadCompression('a frame ends too early')
  return bytes.readUIntLE(at, count)
}
