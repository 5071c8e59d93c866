/** How many bytes a writer has room for at first. Most requests fit. */
const FIRST_ROOM = 256
const TWO_32 = 2 ** 32

/**
 * Writes the values that Kafka's requests are made of. Numbers are big-endian. Large byte strings are not copied: the result is a
 * list of buffers, made for `writev`.
 *
 * The methods throw a `RangeError` for values that a field cannot hold. Such a value is a mistake of this package, since users'
 * values are checked before.
 */
export class WireWriter {
  /** The buffers that are whole. They lie in front of what `#bytes` has. */
  readonly #parts: Buffer[] = []
  #partBytes = 0
  #bytes: Buffer = Buffer.allocUnsafe(FIRST_ROOM)
  /** The first byte of `#bytes` that is not in `#parts` yet. */
  #start = 0
  #at = 0

  /** How many bytes were written, those of referenced buffers included. */
  get length(): number {
    return this.#partBytes + this.#at - this.#start
  }

  int8(value: number): void {
    this.#room(1)
    this.#at = this.#bytes.writeInt8(value, this.#at)
  }

  bool(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int16(value: number): void {
    this.#room(2)
    this.#at = this.#bytes.writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#room(4)
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
  }

  /** A number must be a safe integer. */
  int64(value: bigint | number): void {
    this.#room(8)
    if (typeof value === 'bigint') this.#at = this.#bytes.writeBigInt64BE(value, this.#at)
    else {
      if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`)
      this.#at = this.#bytes.writeInt32BE(Math.floor(value / TWO_32), this.#at)
      this.#at = this.#bytes.writeUInt32BE(value >>> 0, this.#at)
    }
  }

  /** A number from 0 to 2^32 − 1 in base 128, the lowest seven bits first. */
  unsignedVarint(value: number): void {
    this.#room(5)
    let rest = value
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** Sixteen bytes, given as 32 hexadecimal digits. */
  uuid(hex: string): void {
    this.#room(16)
    if (hex.length !== 32 || this.#bytes.write(hex, this.#at, 'hex') !== 16)
      throw new RangeError('a uuid has 32 hexadecimal digits')
    this.#at += 16
  }

  /** A text with a length of two bytes in front, for requests that are not flexible and for request headers. */
  string(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.int16(bytes)
    this.#text(text, bytes)
  }

  nullableString(text: string | null): void {
    if (text === null) this.int16(-1)
    else this.string(text)
  }

  /** A text with its length plus one in front, as an unsigned varint. */
  compactString(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.unsignedVarint(bytes + 1)
    this.#text(text, bytes)
  }

  compactNullableString(text: string | null): void {
    if (text === null) this.unsignedVarint(0)
    else this.compactString(text)
  }

  /**
   * Bytes with their length plus one in front. The bytes are referenced, not copied, so they may not change until the request
   * was sent.
   */
  compactBytes(bytes: Buffer): void {
    this.unsignedVarint(bytes.length + 1)
    this.#reference(bytes)
  }

  /** Bytes that were encoded elsewhere, as they are. They may not change until the request was sent. */
  raw(bytes: Buffer): void {
    this.#reference(bytes)
  }

  /** A list with its length plus one in front. `write` is called once for each item, and writes that item. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): void {
    this.unsignedVarint(items.length + 1)
    for (const item of items) write(item)
  }

  compactInt32Array(items: readonly number[]): void {
    this.unsignedVarint(items.length + 1)
    for (const item of items) this.int32(item)
  }

  /** The end of a struct of a flexible request: it has no tagged fields. */
  noTags(): void {
    this.unsignedVarint(0)
  }

  /** What was written, in order. The first buffer has at least everything that was written before the first `compactBytes`. */
  finish(): Buffer[] {
    this.#cut()
    return this.#parts
  }

  #text(text: string, bytes: number): void {
    this.#room(bytes)
    this.#at += this.#bytes.write(text, this.#at)
  }

  #reference(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#cut()
    this.#parts.push(bytes)
    this.#partBytes += bytes.length
  }

  /** Adds what `#bytes` has to the parts. Writing goes on behind that. */
  #cut(): void {
    if (this.#at === this.#start) return
    this.#parts.push(this.#bytes.subarray(this.#start, this.#at))
    this.#partBytes += this.#at - this.#start
    this.#start = this.#at
  }

  /** Makes room for so many bytes more. */
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const held = this.#at - this.#start
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, held + bytes))
    this.#bytes.copy(larger, 0, this.#start, this.#at)
    this.#bytes = larger
    this.#start = 0
    this.#at = held
  }
}
