import type { Batch, WireMessage } from '@wal/walimpls'
import { propertiesBound, writeProperties } from '@wal/walimpls/helper'
import { bodyCrcOf, FRAME_HEADER_BYTES } from './frame.js'

/** A batch, encoded but for the frame's header: that needs the place, known only when its turn to be written comes. */
export interface EncodedBatch {
  readonly bytes: Buffer
  readonly bodyEnd: number
  readonly bodyCrc: number
  readonly count: number
  readonly sequence: number
}

const FIRST_BYTES = 64 * 1024
/** A buffer that one huge batch needed is not kept for the small ones that follow. */
const LARGEST_KEPT = 1024 * 1024

/**
 * Encodes batches in one pass into buffers that are used again: two are in flight at most, one being written while the
 * next is filled. A record is the length of its payload (u32), the payload and the packed properties.
 */
export class FrameEncoder {
  readonly #free: Buffer[] = []

  encode(batch: Batch): EncodedBatch {
    const { messages, sequence } = batch
    let bytes = this.#free.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES)
    let at = FRAME_HEADER_BYTES
    for (let i = 0; i < messages.length; i++) {
      const { payload, properties } = messages[i] as WireMessage
      // Eight for the padding behind the last.
      const room = at + 4 + payload.length + propertiesBound(properties) + 8
      if (room > bytes.length) bytes = grown(bytes, at, Math.max(room, batch.bytes))
      bytes.writeUInt32LE(payload.length, at)
      bytes.set(payload, at + 4)
      at = writeProperties(bytes, at + 4 + payload.length, properties)
    }
    return { bytes, bodyEnd: at, bodyCrc: bodyCrcOf(bytes, at), count: messages.length, sequence }
  }

  /** Gives a batch's buffer back, when nothing reads it any more. */
  release({ bytes }: EncodedBatch): void {
    if (bytes.length <= LARGEST_KEPT && this.#free.length < 2) this.#free.push(bytes)
  }
}

function grown(bytes: Buffer, used: number, atLeast: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(bytes.length * 2, Math.ceil(atLeast * 1.25)))
  bytes.copy(larger, 0, 0, used)
  return larger
}
