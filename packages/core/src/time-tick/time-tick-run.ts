import { encodeUint64, type TimeTick } from '@wal/walimpls'

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * The base-36 texts of consecutive time ticks. A bigint to text takes as long as the rest of stamping a record, so
 * only the last digit changes until it carries.
 */
export class TimeTickRun {
  /** The first tick that does not share the head. */
  #carry: TimeTick
  #head = ''
  #digit = DIGITS.length

  constructor(first: TimeTick) {
    this.#carry = first
  }

  /** Text of the next tick. */
  next(): string {
    if (this.#digit === DIGITS.length) {
      const text = encodeUint64(this.#carry)
      this.#head = text.slice(0, -1)
      this.#digit = DIGITS.indexOf(text.slice(-1))
      this.#carry += BigInt(DIGITS.length - this.#digit)
    }
    return this.#head + DIGITS[this.#digit++]
  }
}
