/**
 * Text encodings of reserved properties, Milvus' own (reference A.2). Each parser takes exactly what the encoder
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
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

const HIGH = 36 ** 7
/** Canonical lower-case base 36. Two halves of at most seven digits stay exact in a double; BigInt() joins them. */
function parseBase36(text: string): bigint | undefined {
  if (!/^(0|[1-9a-z][0-9a-z]{0,12})$/.test(text)) return undefined
  if (text.length <= 10) return BigInt(Number.parseInt(text, 36))
  const split = text.length - 7
  return (
    BigInt(Number.parseInt(text.slice(0, split), 36)) * BigInt(HIGH) +
    BigInt(Number.parseInt(text.slice(split), 36))
  )
}
