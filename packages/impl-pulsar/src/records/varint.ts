/** A place in bytes that are read. */
export interface Cursor {
  at: number
}

/**
 * Reads a number from 0 to 2^32 − 1 in base 128, and moves the cursor behind it. Answers `NaN` when the bytes end before the
 * number does, or have more than 32 bits: every check whether a length fits fails for it.
 */
export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) return Number.NaN
    value += (byte & 127) * 2 ** shift
    if (byte < 128) return value < 2 ** 32 ? value : Number.NaN
  }
  return Number.NaN
}
