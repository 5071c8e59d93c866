import { packedBytes, propertiesBound, writeProperties } from '@wal/walimpls/helper'

const SLAB_BYTES = 256 << 10

/** Where a message's bytes lie: payload, and behind it the user's properties, packed. */
export interface MessageBytes {
  readonly slab: Buffer
  readonly start: number
  readonly payloadEnd: number
  readonly end: number
}

/**
 * Copies messages into large slabs, one behind the other. The write-ahead buffer keeps slabs and offsets and no object
 * per message, which the garbage collector would copy twice and then mark for as long as the buffer holds it (half of
 * all time, when it did). Messages of one writer leave in the order in which they came, so a slab is free soon after its
 * last one. Each writer has its own: in a shared one a quiet log's few records would keep a busy one's slabs.
 */
export class MessageArena {
  #slab: Buffer = Buffer.alloc(0)
  #used = 0

  copy(payload: Uint8Array, properties: readonly string[]): MessageBytes {
    const bound = payload.length + propertiesBound(properties)
    if (bound > SLAB_BYTES / 8) {
      // A slab of its own lives as long as the message does: the bound may be three times what it needs.
      const slab = Buffer.allocUnsafeSlow(payload.length + packedBytes(properties))
      return place(slab, 0, payload, properties)
    }
    if (this.#used + bound > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const bytes = place(this.#slab, this.#used, payload, properties)
    this.#used = bytes.end
    return bytes
  }
}

function place(
  slab: Buffer,
  start: number,
  payload: Uint8Array,
  properties: readonly string[],
): MessageBytes {
  slab.set(payload, start)
  const payloadEnd = start + payload.length
  return { slab, start, payloadEnd, end: writeProperties(slab, payloadEnd, properties) }
}
