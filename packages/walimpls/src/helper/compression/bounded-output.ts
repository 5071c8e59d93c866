/** What is wrong with compressed bytes, as half a sentence. */
export class BadCompression extends Error {
  override readonly name = 'BadCompression'
}

/** Decompressed bytes, never more than a maximum. Memory grows with what is really written, whatever the input claims. */
export class BoundedOutput {
  readonly #maxBytes: number
  #bytes: Buffer
  #at = 0

  /** `likely` is how many bytes there will probably be. */
  constructor(maxBytes: number, likely: number) {
    this.#maxBytes = maxBytes
    this.#bytes = Buffer.allocUnsafe(Math.min(maxBytes, likely))
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#at
  }

  /** Copies bytes of the input. Throws `BadCompression` when the input ends before. */
  literals(from: Uint8Array, start: number, length: number): void {
    if (length > from.length - start) throw new BadCompression('a run of bytes passes the end')
    this.#room(length)
    const bytes = this.#bytes
    if (length > 31) bytes.set(from.subarray(start, start + length), this.#at)
    else for (let i = 0; i < length; i++) bytes[this.#at + i] = from[start + i] as number
    this.#at += length
  }

  /**
   * Repeats `length` bytes that were written `distance` bytes ago. Those may overlap with what is written now. Bytes below
   * `floor` cannot be repeated. Throws `BadCompression`.
   */
  repeat(distance: number, length: number, floor: number): void {
    const start = this.#at - distance
    if (distance < 1 || start < floor) throw new BadCompression('bytes are repeated that were not there')
    this.#room(length)
    const bytes = this.#bytes
    if (length > 31 && distance >= length) bytes.copyWithin(this.#at, start, start + length)
    else for (let i = 0; i < length; i++) bytes[this.#at + i] = bytes[start + i] as number
    this.#at += length
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #room(length: number): void {
    const needed = this.#at + length
    if (needed <= this.#bytes.length) return
    if (needed > this.#maxBytes) throw new BadCompression(`there are more than ${this.#maxBytes} bytes`)
    const larger = Buffer.allocUnsafe(Math.min(this.#maxBytes, Math.max(needed, 2 * this.#bytes.length)))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}
