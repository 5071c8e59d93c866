import { encodeUint64, type TimeTick } from '@wal/walimpls'

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * Consecutive time ticks with their base-36 text. A bigint to text takes as long as the rest of stamping a record, so
 * only the last digit changes until it carries.
 */
export class TimeTickRun {
  #value: TimeTick
  #head = ''
  #digit = 36

  constructor(first: TimeTick) {
    this.#value = first - 1n
  }

  /** Moves to the next tick. */
  next(): TimeTick {
    this.#value += 1n
    if (++this.#digit >= 36) {
      const text = encodeUint64(this.#value)
      this.#head = text.slice(0, -1)
      this.#digit = DIGITS.indexOf(text.slice(-1))
    }
    return this.#value
  }

  /** Text of the tick that `next` gave last. */
  get text(): string {
    return this.#head + DIGITS[this.#digit]
  }
}
