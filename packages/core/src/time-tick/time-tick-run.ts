import { encodeUint64, type TimeTick } from '@wal/walimpls'

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
const LAST_DIGIT = DIGITS.charCodeAt(DIGITS.length - 1)
const NINE = 0x39
const A = 0x61
/** Of 2^64 − 1. */
const MAX_DIGITS = 13

/**
 * The base-36 texts of consecutive time ticks, as ASCII. A bigint to text takes as long as the rest of stamping a record, so
 * the text is counted on, digit by digit.
 */
export class TimeTickRun {
  /** The text of the time tick at hand: its first `length` bytes. */
  readonly digits = new Uint8Array(MAX_DIGITS)
  length = 0
  #first: TimeTick = 0n
  #index = 0

  /** Goes to the first tick of a run. */
  start(first: TimeTick): void {
    this.#first = first
    this.#index = 0
    this.#write(first)
  }

  /** Goes on to the next tick. */
  advance(): void {
    this.#index++
    let at = this.length - 1
    while (at >= 0 && this.digits[at] === LAST_DIGIT) this.digits[at--] = 0x30
    // One digit more, or none there as yet.
    if (at < 0) this.#write(this.timeTick)
    else this.digits[at] = this.digits[at] === NINE ? A : (this.digits[at] as number) + 1
  }

  get timeTick(): TimeTick {
    return this.#first + BigInt(this.#index)
  }

  #write(timeTick: TimeTick): void {
    const text = encodeUint64(timeTick)
    this.length = text.length
    for (let i = 0; i < text.length; i++) this.digits[i] = text.charCodeAt(i)
  }
}
