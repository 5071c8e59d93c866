/**
 * Writes a number from −2^31 to 2^31 − 1 in zigzag base 128, as record batches have lengths and differences. Answers the offset
 * after it. There must be room for five bytes.
 */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let at = offset
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** A place in bytes that are read. */
export interface Cursor {
  at: number
}

/**
 * Reads a number that `writeVarint` can write, and moves the cursor behind it. Answers `NaN` when the bytes end before the
 * number does, or have more than 32 bits: every check whether a length fits fails for it.
 */
export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  let raw = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) return Number.NaN
    raw += (byte & 127) * 2 ** shift
    if (byte < 128) {
      if (raw >= 2 ** 32) return Number.NaN
      return (raw >>> 1) ^ -(raw & 1)
    }
  }
  return Number.NaN
}

/** Moves the cursor behind a number of up to 64 bits. Answers whether there was one. */
export function skipVarlong(bytes: Uint8Array, cursor: Cursor): boolean {
  for (let i = 0; i < 10; i++) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) return false
    if (byte < 128) return true
  }
  return false
}
