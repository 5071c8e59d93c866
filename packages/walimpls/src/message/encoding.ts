/**
 * Text encodings of reserved properties, Milvus' own. Each parser takes exactly what the encoder
 * makes and answers `undefined` for anything else: malformed is never 0.
 */
const MAX_UINT64 = (1n << 64n) - 1n
const MIN_INT64 = -(1n << 63n)
const MAX_INT64 = (1n << 63n) - 1n

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

/** Digits that stay exact in a double. */
const EXACT_DIGITS = 10
const POWERS = [1n, 36n, 1296n, 46656n]

/** Canonical lower-case base 36 of at most 13 digits. A loop, since every record read passes here. */
function parseBase36(text: string): bigint | undefined {
  const { length } = text
  if (length === 0 || length > 13 || (length > 1 && text.charCodeAt(0) === 0x30)) return undefined
  let head = 0
  let tail = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const digit = code >= 0x30 && code <= 0x39 ? code - 0x30 : code >= 0x61 && code <= 0x7a ? code - 0x57 : -1
    if (digit < 0) return undefined
    if (i < EXACT_DIGITS) head = head * 36 + digit
    else tail = tail * 36 + digit
  }
  if (length <= EXACT_DIGITS) return BigInt(head)
  return BigInt(head) * (POWERS[length - EXACT_DIGITS] as bigint) + BigInt(tail)
}
