const SLAB_BYTES = 256 << 10

/**
 * Copies payloads into large slabs, one behind the other. Messages leave in the order in which they came, so a slab is
 * free soon after its last message. Node's own pool has slabs of 8 KiB, thirty times as many for the collector to see.
 */
export class PayloadArena {
  #slab: Buffer = Buffer.alloc(0)
  #used = 0

  copy(payload: Uint8Array): Uint8Array {
    const { length } = payload
    if (length > SLAB_BYTES / 8) return Buffer.from(payload)
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const copy = this.#slab.subarray(this.#used, this.#used + length)
    copy.set(payload)
    this.#used += length
    return copy
  }
}

/** One for the process: slabs hold bytes on their way into a log, whichever. */
export const payloadArena = new PayloadArena()
