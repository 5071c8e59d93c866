/** Writes the body of a request, in Kafka's encoding from before its "flexible" versions. */
export class RequestBody {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.#add(Buffer.from([value]))
  }

  int32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(value)
    return this.#add(bytes)
  }

  float64(value: number): this {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleBE(value)
    return this.#add(bytes)
  }

  string(text: string | null): this {
    const length = Buffer.alloc(2)
    const bytes = Buffer.from(text ?? '')
    length.writeInt16BE(text === null ? -1 : bytes.length)
    return this.#add(length, bytes)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  #add(...parts: Buffer[]): this {
    this.#parts.push(...parts)
    return this
  }
}

/** Reads the body of an answer in the same encoding, one field after another. */
export class AnswerBody {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8(this.#next(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#next(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#next(4))
  }

  string(): string | null {
    const length = this.int16()
    if (length < 0) return null
    const start = this.#next(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: this.int32() }, read)
  }

  #next(length: number): number {
    this.#at += length
    return this.#at - length
  }
}
