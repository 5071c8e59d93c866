import { BadCompression } from './bounded-output.js'

/**
 * Bits that are read from the last one to the first, as zstd writes its streams. The highest bit that is set in the last byte
 * only marks the end and is not read.
 */
export class ReverseBits {
  readonly #bytes: Buffer
  readonly #start: number
  /** How many bits are left. */
  #left: number

  /** The stream is from `start` up to `end`. Throws `BadCompression` when it has no mark. */
  constructor(bytes: Buffer, start: number, end: number) {
    const last = end > start ? (bytes[end - 1] as number) : 0
    if (last === 0) throw new BadCompression('a stream of bits has no end')
    this.#bytes = bytes
    this.#start = start
    this.#left = 8 * (end - start - 1) + 31 - Math.clz32(last)
  }

  get left(): number {
    return this.#left
  }

  /** The next bits as a number, the first one read being the highest. At most 31. Throws `BadCompression` when there are fewer. */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 0x10000 + this.read(16)
    this.skip(count)
    return this.#at(this.#left) & ((1 << count) - 1)
  }

  /** The next bits without moving on, at most 16. Bits that are missing at the end are zeros. */
  peek(count: number): number {
    const from = this.#left - count
    const mask = (1 << count) - 1
    return from >= 0 ? this.#at(from) & mask : (this.#at(0) << -from) & mask
  }

  /** Throws `BadCompression` when fewer bits are left. */
  skip(count: number): void {
    this.#left -= count
    if (this.#left < 0) throw new BadCompression('a stream of bits ends too early')
  }

  /** Throws `BadCompression` unless all bits were read. */
  finish(): void {
    if (this.#left !== 0) throw new BadCompression('a stream of bits is too long')
  }

  /** At least 17 bits from this one on, the one itself being the lowest. Those behind the stream are of no meaning. */
  #at(bit: number): number {
    const bytes = this.#bytes
    const at = this.#start + (bit >>> 3)
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
    return word >>> (bit & 7)
  }
}
