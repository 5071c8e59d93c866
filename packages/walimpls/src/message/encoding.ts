/**
 * Text encodings of the values of reserved properties, the same as Milvus'. Each parser accepts exactly the texts that its
 * encoder makes, and answers `undefined` for any other. A malformed text is never read as 0.
 */
const MAX_UINT64 = (1n << 64n) - 1n
const MIN_INT64 = -(1n << 63n)
const MAX_INT64 = (1n << 63n) - 1n
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const MIN_SAFE = -MAX_SAFE

export function encodeUint64(value: bigint): string {
  return value.toString(36)
}

export function parseUint64(text: string): bigint | undefined {
  const value = parseBase36(text)
  return value !== undefined && value <= MAX_UINT64 ? value : undefined
}

export function encodeInt64(value: bigint): string {
  return value.toString(36)
}

export function parseInt64(text: string): bigint | undefined {
  const negative = text.startsWith('-')
  const magnitude = parseBase36(negative ? text.slice(1) : text)
  if (magnitude === undefined || (negative && magnitude === 0n)) return undefined
  const value = negative ? -magnitude : magnitude
  return value >= MIN_INT64 && value <= MAX_INT64 ? value : undefined
}

/** Parses a decimal number without sign and without leading zeros, at most 2^53 − 1. */
export function parseDecimal(text: string): number | undefined {
  const { length } = text
  if (length === 0 || length > 16 || (length > 1 && text.charCodeAt(0) === 0x30)) return undefined
  let value = 0
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return undefined
    value = value * 10 + digit
  }
  return Number.isSafeInteger(value) ? value : undefined
}

/**
 * Parses like `parseInt64`, but answers a plain number; undefined when a double cannot hold it exactly. Faster, since no bigint
 * is made.
 */
export function parseSafeInt(text: string): number | undefined {
  const negative = text.charCodeAt(0) === 0x2d
  const digits = negative ? text.slice(1) : text
  if (digits.length > EXACT_DIGITS) {
    const value = parseInt64(text)
    return value !== undefined && value >= MIN_SAFE && value <= MAX_SAFE ? Number(value) : undefined
  }
  const magnitude = parseExact(digits)
  if (magnitude === undefined || (negative && magnitude === 0)) return undefined
  return negative ? -magnitude : magnitude
}

/** The most base-36 digits whose value a double always holds exactly. */
const EXACT_DIGITS = 10
const POWERS = [1n, 36n, 1296n, 46656n]

/** Parses lower-case base 36 without leading zeros, at most 13 digits. */
function parseBase36(text: string): bigint | undefined {
  const { length } = text
  if (length <= EXACT_DIGITS) {
    const value = parseExact(text)
    return value === undefined ? undefined : BigInt(value)
  }
  if (length > 13 || text.charCodeAt(0) === 0x30) return undefined
  const head = digitsOf(text, 0, EXACT_DIGITS)
  const tail = digitsOf(text, EXACT_DIGITS, length)
  if (head < 0 || tail < 0) return undefined
  // The value of the first digits is kept from the text before: time ticks that follow each other differ only in their last
  // digits, and multiplying bigints is slow.
  if (head !== upper.head || length !== upper.length)
    upper = { head, length, value: BigInt(head) * (POWERS[length - EXACT_DIGITS] as bigint) }
  return upper.value + BigInt(tail)
}

/** The first digits of the last long text and their value, multiplied for the digits that followed them. */
let upper = { head: -1, length: 0, value: 0n }

/** Parses base 36 without leading zeros as a plain number, for texts of at most `EXACT_DIGITS` digits. */
function parseExact(text: string): number | undefined {
  const { length } = text
  if (length === 0 || (length > 1 && text.charCodeAt(0) === 0x30)) return undefined
  const value = digitsOf(text, 0, length)
  return value < 0 ? undefined : value
}

/**
 * The value of some base-36 digits; −1 when a character is no digit. Written as a loop for speed: it runs for every record that
 * is read.
 */
function digitsOf(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x7a ? code - 0x57 : -1
    if (digit < 0) return -1
    value = value * 36 + digit
  }
  return value
}
