import { SIZE_BYTES } from './frames.js'
import { MalformedFrame } from './malformed-frame.js'

/** A frame that fills less than this part of what was received at once is copied, so that it does not keep the rest alive. */
const SMALL_PART = 0.5

/** Cuts what a connection receives into frames. Holds only bytes that were received, whatever size a frame claims. */
export class FrameSplitter {
  /** The largest frame that is accepted, in bytes. */
  maxBytes: number
  /** The received bytes that are no whole frame yet. */
  #chunks: Buffer[] = []
  #received = 0
  #wanted = SIZE_BYTES

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /**
   * Calls back with each frame that is whole, without its size; stops when the callback answers false. Throws a `MalformedFrame`
   * at a size that no frame has.
   */
  add(chunk: Buffer, take: (frame: Buffer) => boolean): void {
    this.#chunks.push(chunk)
    this.#received += chunk.length
    if (this.#received < this.#wanted) return
    let bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const total = bytes.length
    for (;;) {
      this.#wanted = SIZE_BYTES
      if (bytes.length < SIZE_BYTES) break
      const size = bytes.readUInt32BE(0)
      if (size < SIZE_BYTES || size > this.maxBytes)
        throw new MalformedFrame(`a frame claims ${size} bytes; the largest may have ${this.maxBytes}`)
      this.#wanted = SIZE_BYTES + size
      if (bytes.length < this.#wanted) break
      const frame = bytes.subarray(SIZE_BYTES, this.#wanted)
      bytes = bytes.subarray(this.#wanted)
      if (!take(frame.length < SMALL_PART * total ? Buffer.from(frame) : frame)) return
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes]
    this.#received = bytes.length
  }
}
