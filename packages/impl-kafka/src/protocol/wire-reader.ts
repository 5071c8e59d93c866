import { MalformedAnswer } from './malformed-answer.js'

const TWO_32 = 2 ** 32
/** The high half of the greatest safe integer plus one. */
const SAFE_HIGH = 2 ** 21

/**
 * Reads the values that Kafka's answers are made of. Every length and count is checked against the bytes that are left before
 * anything is allocated for it, so an answer costs no more memory than a small multiple of its own size. Bytes that are no
 * answer throw `MalformedAnswer`, and nothing else.
 */
export class WireReader {
  readonly #bytes: Buffer
  readonly #subject: string
  #at = 0
  /** Nothing is read at or behind this byte. */
  #end: number

  /** `subject` names the bytes in errors, as “the answer to Fetch”. */
  constructor(bytes: Buffer, subject: string) {
    this.#bytes = bytes
    this.#subject = subject
    this.#end = bytes.length
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1, 'a number'))
  }

  bool(): boolean {
    return this.int8() !== 0
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2, 'a number'))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4, 'a number'))
  }

  /** For ids, which use all 64 bits. */
  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8, 'a number'))
  }

  /** For offsets and times: 64 bits that must be a safe integer. */
  safeInt64(): number {
    const at = this.#take(8, 'a number')
    const high = this.#bytes.readInt32BE(at)
    if (high >= SAFE_HIGH || high < -SAFE_HIGH) throw this.malformed('an offset or a time is beyond 2^53', at)
    return high * TWO_32 + this.#bytes.readUInt32BE(at + 4)
  }

  /** A number from 0 to 2^32 − 1. */
  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1, 'a length')] as number
      value += (byte & 127) * 2 ** shift
      if (byte < 128) {
        if (value >= TWO_32) break
        return value
      }
    }
    throw this.malformed('a length has more than 32 bits')
  }

  /** Sixteen bytes, as 32 hexadecimal digits. */
  uuid(): string {
    const at = this.#take(16, 'a uuid')
    return this.#bytes.toString('hex', at, at + 16)
  }

  compactString(): string {
    const text = this.compactNullableString()
    if (text === null) throw this.malformed('a text is null that never is')
    return text
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1
    if (length < 0) return null
    const at = this.#take(length, 'a text')
    return this.#bytes.toString('utf8', at, at + length)
  }

  /** A view of the answer, not a copy. Null when the answer says so. */
  compactNullableBytes(): Buffer | null {
    const length = this.unsignedVarint() - 1
    if (length < 0) return null
    const at = this.#take(length, 'a run of bytes')
    return this.#bytes.subarray(at, at + length)
  }

  /**
   * A list. `read` reads one item, which takes at least `smallest` bytes: a count that cannot fit into the bytes left is
   * refused before the first item is read.
   */
  compactArray<T>(smallest: number, read: () => T): T[] {
    const items = this.compactNullableArray(smallest, read)
    if (items === null) throw this.malformed('a list is null that never is')
    return items
  }

  compactNullableArray<T>(smallest: number, read: () => T): T[] | null {
    const count = this.unsignedVarint() - 1
    if (count < 0) return null
    if (count * smallest > this.#end - this.#at)
      throw this.malformed(`a list of ${count} passes the end of what holds it`)
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  compactInt32Array(): number[] {
    return this.compactArray(4, () => this.int32())
  }

  /**
   * The tagged fields at the end of a struct. `known` reads the field of that tag, or leaves it alone; a field that it did not
   * read whole is skipped.
   */
  tags(known?: (tag: number) => void): void {
    for (let left = this.#tagCount(); left > 0; left--) {
      const tag = this.unsignedVarint()
      const length = this.unsignedVarint()
      const start = this.#take(length, 'a tagged field')
      if (known === undefined) continue
      const outer = this.#end
      this.#at = start
      this.#end = start + length
      known(tag)
      this.#at = this.#end
      this.#end = outer
    }
  }

  /** All bytes that are left, for somebody else to decode. */
  rest(): Buffer {
    const at = this.#at
    this.#at = this.#end
    return this.#bytes.subarray(at, this.#end)
  }

  /** Throws when bytes are left over. */
  finish(): void {
    if (this.#at !== this.#end) throw this.malformed(`${this.#end - this.#at} bytes follow its end`)
  }

  /** The error for a mistake at this place, or at the place given. */
  malformed(what: string, at: number = this.#at): MalformedAnswer {
    return new MalformedAnswer(this.#subject, what, at)
  }

  /** A tagged field takes two bytes at least. */
  #tagCount(): number {
    const count = this.unsignedVarint()
    if (count * 2 > this.#end - this.#at)
      throw this.malformed(`${count} tagged fields pass the end of what holds them`)
    return count
  }

  /** Moves behind the next `length` bytes. Answers where these begin. */
  #take(length: number, what: string): number {
    const start = this.#at
    if (length > this.#end - start)
      throw this.malformed(`${what} of ${length} bytes passes the end of what holds it`)
    this.#at = start + length
    return start
  }
}
