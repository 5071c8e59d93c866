import { BadCompression, BoundedOutput } from './bounded-output.js'
import { decompressFrames, readUInt32 } from './frames.js'

const FRAME_MAGIC = 0x184d2204

/** Bits of a frame's first byte. The two highest are the version, which is 1. */
const VERSION_1 = 1
const BLOCK_CHECKSUMS = 16
const CONTENT_SIZE = 8
const CONTENT_CHECKSUM = 4
const DICTIONARY = 1

const CHECKSUM_BYTES = 4
/** This bit of a block's length says that the block is not compressed. */
const PLAIN_BLOCK = 0x80000000

/**
 * Decompresses frames of LZ4. Its own check sums are not looked at, since the check sum of the stored batch covers the
 * same bytes. Throws `BadCompression` for anything else, and when there are more than `maxBytes`.
 */
export function decompressLz4(bytes: Buffer, maxBytes: number): Buffer {
  return decompressFrames(bytes, maxBytes, readFrame)
}

/**
 * Decompresses one block of LZ4 that stands alone, without a frame, as Pulsar's clients write. Throws `BadCompression` for bytes
 * that are no block, and when there are more than `maxBytes`.
 */
export function decompressLz4Block(bytes: Buffer, maxBytes: number): Buffer {
  const to = new BoundedOutput(maxBytes, 4 * bytes.length)
  readBlock(bytes, to, 0)
  return to.finish()
}

/** Answers the place behind the frame. */
function readFrame(bytes: Buffer, start: number, to: BoundedOutput): number {
  const magic = readUInt32(bytes, start)
  const flags = bytes[start + 4] ?? 0
  if (magic !== FRAME_MAGIC || flags >>> 6 !== VERSION_1) throw new BadCompression('it is no LZ4 frame')
  if (flags & DICTIONARY) throw new BadCompression('it needs a dictionary')
  // Behind the magic number are the flags, the largest size of a block, perhaps the size of the content, and a check sum.
  let at = start + 7 + (flags & CONTENT_SIZE ? 8 : 0)
  const floor = to.length
  const afterBlock = flags & BLOCK_CHECKSUMS ? CHECKSUM_BYTES : 0
  for (;;) {
    const header = readUInt32(bytes, at)
    at += 4
    if (header === 0) return at + (flags & CONTENT_CHECKSUM ? CHECKSUM_BYTES : 0)
    const length = header & ~PLAIN_BLOCK
    const end = at + length
    if (end > bytes.length) throw new BadCompression('a block passes the end')
    if (header >= PLAIN_BLOCK) to.literals(bytes, at, length)
    else readBlock(bytes.subarray(at, end), to, floor)
    at = end + afterBlock
  }
}

/** Reads a block: runs of literal bytes, each but the last one followed by a repetition. */
function readBlock(block: Buffer, to: BoundedOutput, floor: number): void {
  const cursor = { at: 0 }
  while (cursor.at < block.length) {
    const token = block[cursor.at++] as number
    const literals = readLength(block, cursor, token >>> 4)
    to.literals(block, cursor.at, literals)
    cursor.at += literals
    if (cursor.at === block.length) return
    if (cursor.at + 2 > block.length) throw new BadCompression('a block ends too early')
    const distance = block.readUInt16LE(cursor.at)
    cursor.at += 2
    to.repeat(distance, readLength(block, cursor, token & 15) + 4, floor)
  }
}

/** A length of which the token has four bits. When these are all set, bytes to be added follow, the last one below 255. */
function readLength(block: Buffer, cursor: { at: number }, fromToken: number): number {
  let length = fromToken
  if (length < 15) return length
  for (;;) {
    const byte = block[cursor.at++]
    if (byte === undefined) throw new BadCompression('a block ends too early')
    length += byte
    if (byte < 255) return length
  }
}
