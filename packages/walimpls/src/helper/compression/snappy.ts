import { BadCompression, BoundedOutput } from './bounded-output.js'

/** What the stream of snappy-java begins with, which Kafka's Java clients use; two versions of four bytes each follow. */
const STREAM_MARK = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const STREAM_HEADER_BYTES = 16

/**
 * Decompresses snappy: a plain block, as librdkafka writes, or a stream of blocks, as Kafka's Java clients write. Throws
 * `BadCompression` for anything else, and when there are more than `maxBytes`.
 */
export function decompressSnappy(bytes: Buffer, maxBytes: number): Buffer {
  const to = new BoundedOutput(maxBytes, 4 * bytes.length)
  if (!bytes.subarray(0, STREAM_MARK.length).equals(STREAM_MARK)) readBlock(bytes, to)
  else
    for (let at = STREAM_HEADER_BYTES; at < bytes.length; ) {
      const start = at + 4
      if (start > bytes.length) throw new BadCompression('a block has no length')
      const end = start + bytes.readUInt32BE(at)
      if (end > bytes.length) throw new BadCompression('a block passes the end')
      readBlock(bytes.subarray(start, end), to)
      at = end
    }
  return to.finish()
}

/**
 * Decompresses one plain block of snappy, as Pulsar's clients write. Throws `BadCompression` for anything else, and when there are
 * more than `maxBytes`.
 */
export function decompressSnappyBlock(bytes: Buffer, maxBytes: number): Buffer {
  const to = new BoundedOutput(maxBytes, 4 * bytes.length)
  readBlock(bytes, to)
  return to.finish()
}

/** Kinds of elements, in the two lowest bits of their first byte. */
const LITERALS = 0
const SHORT_COPY = 1
const COPY_2 = 2

function readBlock(block: Buffer, to: BoundedOutput): void {
  const floor = to.length
  const cursor = { at: 0 }
  const length = readLength(block, cursor)
  let at = cursor.at
  while (at < block.length) {
    const tag = block[at++] as number
    const kind = tag & 3
    const upper = tag >>> 2
    if (kind === LITERALS) {
      // From 60 on, the length less one is in the next one to four bytes.
      const lengthBytes = Math.max(0, upper - 59)
      const count = (lengthBytes === 0 ? upper : littleEndian(block, at, lengthBytes)) + 1
      at += lengthBytes
      to.literals(block, at, count)
      at += count
    } else if (kind === SHORT_COPY) {
      to.repeat(((tag >>> 5) << 8) + littleEndian(block, at, 1), (upper & 7) + 4, floor)
      at += 1
    } else {
      const distanceBytes = kind === COPY_2 ? 2 : 4
      to.repeat(littleEndian(block, at, distanceBytes), upper + 1, floor)
      at += distanceBytes
    }
  }
  if (to.length - floor !== length)
    throw new BadCompression(`a block has ${to.length - floor} bytes and says ${length}`)
}

/** The length of a block when decompressed: base 128, the lowest seven bits first. */
function readLength(block: Buffer, cursor: { at: number }): number {
  let length = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = block[cursor.at++]
    if (byte === undefined) break
    length += (byte & 127) * 2 ** shift
    if (byte < 128) return length
  }
  throw new BadCompression('a block does not begin with its length')
}

function littleEndian(block: Buffer, at: number, count: number): number {
  if (at + count > block.length) throw new BadCompression('a block ends too early')
  return block.readUIntLE(at, count)
}
