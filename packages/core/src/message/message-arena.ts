import { packedBytes, propertiesBound, writeProperties } from '@wal/walimpls/helper'

const SLAB_BYTES = 256 << 10

/**
 * Copies messages into large slabs, one behind the other. The write-ahead buffer keeps slabs and offsets and no object
 * per message, which the garbage collector would copy twice and then mark for as long as the buffer holds it (half of
 * all time, when it did). Messages of one writer leave in the order in which they came, so a slab is free soon after its
 * last one. Each writer has its own: in a shared one a quiet log's few records would keep a busy one's slabs.
 */
export class MessageArena {
  /** Where the bytes of the message that was copied last lie: its payload, and behind it the user's properties, packed. */
  slab: Buffer = Buffer.alloc(0)
  start = 0
  payloadEnd = 0
  end = 0
  #shared = this.slab
  #used = 0

  /** The place is in the fields from here on, since an object for each message would be one more to collect. */
  copy(payload: Uint8Array, properties: readonly string[]): void {
    const bound = payload.length + propertiesBound(properties)
    if (bound > SLAB_BYTES / 8) {
      // A slab of its own lives as long as the message does: the bound may be three times what it needs.
      this.#place(Buffer.allocUnsafeSlow(payload.length + packedBytes(properties)), 0, payload, properties)
      return
    }
    if (this.#used + bound > this.#shared.length) {
      this.#shared = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    this.#place(this.#shared, this.#used, payload, properties)
    this.#used = this.end
  }

  #place(slab: Buffer, start: number, payload: Uint8Array, properties: readonly string[]): void {
    slab.set(payload, start)
    this.slab = slab
    this.start = start
    this.payloadEnd = start + payload.length
    this.end = writeProperties(slab, this.payloadEnd, properties)
  }
}
