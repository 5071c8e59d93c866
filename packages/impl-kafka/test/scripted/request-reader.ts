/**
 * Reads the fields of requests, as a broker does. The product only writes requests, so its reader is for answers. A text or a list
 * of a flexible request has its length plus one in front as a varint; that of an older one has two or four bytes.
 */
export class RequestReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8 = (): number => this.#bytes.readInt8(this.#take(1))
  int16 = (): number => this.#bytes.readInt16BE(this.#take(2))
  int32 = (): number => this.#bytes.readInt32BE(this.#take(4))
  int64 = (): number => Number(this.#bytes.readBigInt64BE(this.#take(8)))

  varint(): number {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1))
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }

  uuid = (): string => this.#raw(16).toString('hex')

  /** Null when the length is −1. */
  string = (): string | null => this.#text(this.int16())
  compactString = (): string | null => this.#text(this.varint() - 1)
  compactBytes = (): Buffer => this.#raw(this.varint() - 1)

  array<T>(read: () => T): T[] {
    return this.#list(this.int32(), read)
  }

  compactArray<T>(read: () => T): T[] {
    return this.#list(this.varint() - 1, read)
  }

  /** The end of a struct. No request of the product has tagged fields. */
  noTags(): void {
    if (this.varint() !== 0) throw new Error('a request has a tagged field')
  }

  finish(): void {
    if (this.#at !== this.#bytes.length) throw new Error('bytes follow the end of a request')
  }

  #text(length: number): string | null {
    return length < 0 ? null : this.#raw(length).toString()
  }

  #list<T>(count: number, read: () => T): T[] {
    return Array.from({ length: Math.max(0, count) }, read)
  }

  #raw(length: number): Buffer {
    const at = this.#take(length)
    return this.#bytes.subarray(at, at + length)
  }

  #take(length: number): number {
    const at = this.#at
    if (at + length > this.#bytes.length) throw new Error('a request ends within a field')
    this.#at += length
    return at
  }
}
