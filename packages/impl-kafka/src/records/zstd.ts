import zlib from 'node:zlib'
import { decompress } from 'fzstd'
import { BadCompression } from './bounded-output.js'

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

/** The same, always in JavaScript. The library trusts what frames say about sizes, so these are checked before. */
export function decompressInJavaScript(bytes: Buffer, maxBytes: number): Buffer {
  checkFrames(bytes, maxBytes)
  const output = decompress(bytes)
  if (output.length > maxBytes) throw tooMany(maxBytes)
  return Buffer.from(output.buffer, output.byteOffset, output.length)
}

const FRAME_MAGIC = 0xfd2fb528
/** Frames whose magic number has these upper 28 bits are to be skipped. */
const SKIPPABLE_MAGIC = 0x184d2a5
/** Bits of the frame's first byte. The two highest say how long the content's size is, the two lowest how long the dictionary's id. */
const SINGLE_SEGMENT = 32
const CHECKSUM = 4

/** The most bytes that one block becomes. */
const LARGEST_BLOCK = 128 * 1024
/** A window up to this size is always accepted: it is the largest one that every decoder has to support (RFC 8878). */
const USUAL_WINDOW = 8 << 20
/** Kinds of blocks. */
const ONE_BYTE = 1
const COMPRESSED = 2

/**
 * Throws unless these are whole frames, and what they ask the library to allocate stays within `maxBytes`, apart from one window
 * and one block.
 */
function checkFrames(bytes: Buffer, maxBytes: number): void {
  let most = 0
  for (let at = 0; at < bytes.length; ) {
    const magic = readLE(bytes, at, 4)
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      at += 8 + readLE(bytes, at + 4, 4)
      continue
    }
    if (magic !== FRAME_MAGIC) throw new BadCompression('it is no zstd frame')
    const flags = readLE(bytes, at + 4, 1)
    at = checkFrameHeader(bytes, at + 5, { flags, maxBytes })
    for (let last = false; !last; ) {
      const header = readLE(bytes, at, 3)
      last = (header & 1) === 1
      const kind = (header >>> 1) & 3
      const size = header >>> 3
      if (kind > COMPRESSED) throw new BadCompression('a block is of no known kind')
      at += 3 + (kind === ONE_BYTE ? 1 : size)
      most += kind === COMPRESSED ? 0 : size
      if (size > LARGEST_BLOCK || most > maxBytes) throw tooMany(maxBytes)
      // A compressed block says nowhere what it becomes. Not counting the last one leaves room for a batch of just `maxBytes`.
      if (kind === COMPRESSED && !last) most += LARGEST_BLOCK
    }
    if (flags & CHECKSUM) at += 4
    if (at > bytes.length) throw new BadCompression('a frame ends too early')
  }
}

/** Answers the place behind the header. */
function checkFrameHeader(
  bytes: Buffer,
  start: number,
  { flags, maxBytes }: { flags: number; maxBytes: number },
): number {
  let at = start
  const single = (flags & SINGLE_SEGMENT) !== 0
  if (!single) {
    const window = readLE(bytes, at++, 1)
    const base = 2 ** (10 + (window >>> 3))
    if (base + (base / 8) * (window & 7) > Math.max(maxBytes, USUAL_WINDOW)) throw tooMany(maxBytes)
  }
  if ((flags & 3) !== 0) throw new BadCompression('it needs a dictionary')
  const sizeBytes = flags >>> 6 === 0 ? Number(single) : 2 ** (flags >>> 6)
  if (sizeBytes > 0) {
    const size =
      sizeBytes === 8
        ? readLE(bytes, at, 6) + readLE(bytes, at + 6, 2) * 2 ** 48
        : readLE(bytes, at, sizeBytes)
    if (size + (sizeBytes === 2 ? 256 : 0) > maxBytes) throw tooMany(maxBytes)
  }
  return at + sizeBytes
}

function readLE(bytes: Buffer, at: number, count: number): number {
  if (at + count > bytes.length) throw new BadCompression('a frame ends too early')
  return bytes.readUIntLE(at, count)
}

function tooMany(maxBytes: number): BadCompression {
  return new BadCompression(`there are more than ${maxBytes} bytes`)
}
