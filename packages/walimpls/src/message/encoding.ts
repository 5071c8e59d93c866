/**
 * Text encodings of reserved properties, Milvus' own. Each parser takes exactly what the encoder
 * makes and answers `undefined` for anything else: malformed is never 0.
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

/** Canonical decimal: no sign, no leading zero, at most 2^53 − 1. */
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

/** As `parseInt64`, as a number where that is exact: undefined for what a double can't hold. No bigint is made on the way. */
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

/** Digits that stay exact in a double. */
const EXACT_DIGITS = 10
const POWERS = [1n, 36n, 1296n, 46656n]

/** Canonical lower-case base 36 of at most 13 digits. */
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
  // Time ticks that follow each other share all but their last digits, and a product of bigints is dear.
  if (head !== upper.head || length !== upper.length)
    upper = { head, length, value: BigInt(head) * (POWERS[length - EXACT_DIGITS] as bigint) }
  return upper.value + BigInt(tail)
}

/** What the first digits of the last long text are worth, before as many others as it had. */
let upper = { head: -1, length: 0, value: 0n }

/** The same, of at most as many digits as stay exact in a double. */
function parseExact(text: string): number | undefined {
  const { length } = text
  if (length === 0 || (length > 1 && text.charCodeAt(0) === 0x30)) return undefined
  const value = digitsOf(text, 0, length)
  return value < 0 ? undefined : value
}

/** −1 where one is no digit. A loop, since every record read passes here. */
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
