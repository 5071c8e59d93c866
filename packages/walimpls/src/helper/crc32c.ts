/** The polynomial of CRC32C (Castagnoli), lowest bit first. */
const POLYNOMIAL = 0x82f63b78
/** How many bytes one step takes. Sixteen tables of 1 KiB each stay in a core's first cache. */
const STEP = 16

/** `TABLES[n × 256 + byte]` is what a byte becomes with n bytes of zeros behind it. */
const TABLES = /* @__PURE__ */ makeTables()

function makeTables(): Int32Array {
  const tables = new Int32Array(STEP * 256)
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1
    tables[byte] = value
  }
  for (let i = 256; i < tables.length; i++) {
    const before = tables[i - 256] as number
    tables[i] = (before >>> 8) ^ (tables[before & 255] as number)
  }
  return tables
}

/** The CRC32C of the bytes from `start` up to `end`, as a number from 0 to 2^32 − 1. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return ~advance(-1, start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)) >>> 0
}

/** The CRC32C of bytes that lie in several parts, one behind the other. */
export function crc32cOf(parts: readonly Uint8Array[]): number {
  let state = -1
  for (const part of parts) state = advance(state, part)
  return ~state >>> 0
}

/** The state of a check sum, before its bits are turned over, once these bytes have followed. */
function advance(state: number, bytes: Uint8Array): number {
  const t = TABLES
  const end = bytes.length
  let crc = state
  let at = 0
  // The sixteen bytes are written out, and the old sum goes into the first four byte by byte. Making a word of these four first
  // takes twice as long.
  for (const last = end - STEP; at <= last; at += STEP) {
    crc =
      (t[3840 + ((crc & 255) ^ (bytes[at] as number))] as number) ^
      (t[3584 + (((crc >>> 8) & 255) ^ (bytes[at + 1] as number))] as number) ^
      (t[3328 + (((crc >>> 16) & 255) ^ (bytes[at + 2] as number))] as number) ^
      (t[3072 + ((crc >>> 24) ^ (bytes[at + 3] as number))] as number) ^
      (t[2816 + (bytes[at + 4] as number)] as number) ^
      (t[2560 + (bytes[at + 5] as number)] as number) ^
      (t[2304 + (bytes[at + 6] as number)] as number) ^
      (t[2048 + (bytes[at + 7] as number)] as number) ^
      (t[1792 + (bytes[at + 8] as number)] as number) ^
      (t[1536 + (bytes[at + 9] as number)] as number) ^
      (t[1280 + (bytes[at + 10] as number)] as number) ^
      (t[1024 + (bytes[at + 11] as number)] as number) ^
      (t[768 + (bytes[at + 12] as number)] as number) ^
      (t[512 + (bytes[at + 13] as number)] as number) ^
      (t[256 + (bytes[at + 14] as number)] as number) ^
      (t[bytes[at + 15] as number] as number)
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[at] as number)) & 255] as number)
  return crc
}

/**
 * What a change near the beginning does to a CRC32C. `difference` is the exclusive or of the old and the new bytes, and so many
 * bytes of `unchanged` follow. The new CRC is the exclusive or of the old one and the answer. This takes microseconds for any
 * number of bytes, since the bytes that did not change are not read.
 */
export function crcOfChange(difference: Uint8Array, unchanged: number): number {
  let crc = 0
  for (const byte of difference) crc = (crc >>> 8) ^ (TABLES[(crc ^ byte) & 255] as number)
  return multiply(powerOfX(8 * unchanged), crc) >>> 0
}

/** x to the power of `exponent`, modulo the polynomial. The highest bit of the answer is the coefficient of 1. */
function powerOfX(exponent: number): number {
  let power = 0x40000000
  let result = 0x80000000 | 0
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(power, result)
    power = multiply(power, power)
  }
  return result
}

/** The product of two polynomials, modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0
  let shifted = b
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1
  }
  return product
}
