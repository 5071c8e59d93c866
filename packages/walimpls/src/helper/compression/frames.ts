import { BadCompression, BoundedOutput } from './bounded-output.js'

/** Frames whose magic number has these upper 28 bits are to be skipped. LZ4 and zstd have them in common. */
const SKIPPABLE_MAGIC = 0x184d2a5

/** Reads the frame at `start`, which is none to be skipped. Answers the place behind the frame. */
export type ReadFrame = (bytes: Buffer, start: number, to: BoundedOutput) => number

/** Decompresses one frame after the other. Throws `BadCompression` when there are more than `maxBytes`. */
export function decompressFrames(bytes: Buffer, maxBytes: number, readFrame: ReadFrame): Buffer {
  const to = new BoundedOutput(maxBytes, 4 * bytes.length)
  let at = 0
  while (at < bytes.length) {
    const isSkipped = readUInt32(bytes, at) >>> 4 === SKIPPABLE_MAGIC
    at = isSkipped ? at + 8 + readUInt32(bytes, at + 4) : readFrame(bytes, at, to)
  }
  if (at > bytes.length) throw new BadCompression('a frame ends too early')
  return to.finish()
}

export function readUInt32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw new BadCompression('a frame ends too early')
  return bytes.readUInt32LE(at)
}
