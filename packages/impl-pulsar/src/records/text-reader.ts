import { RESERVED } from '@wal/walimpls'

/** Whether the bytes at `start` spell the text, and the text is all ASCII. */
export function isSame(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] as number
    if (byte !== text.charCodeAt(i) || byte > 127) return false
  }
  return true
}

/**
 * Arrays of each short length, used again for every text: `String.fromCharCode` on a whole array costs half of what a call into
 * Buffer costs.
 */
const UNITS = Array.from({ length: 17 }, (_, length) => new Array<number>(length).fill(0))
const REPLACEMENT = '\ufffd'

const RESERVED_KEYS = new Map<string, string>(Object.values(RESERVED).map((key) => [key, key]))

/**
 * Replaces a reserved key by the string object that the library's own code compares with. Two equal strings that are the same
 * object are compared without looking at their characters, and the keys of every record are compared several times.
 */
function ofTheLibrary(text: string): string {
  return text.charCodeAt(0) === 0x5f ? (RESERVED_KEYS.get(text) ?? text) : text
}

/** Undefined for bytes that are no UTF-8. */
export function readText(bytes: Buffer, start: number, end: number): string | undefined {
  const units = UNITS[end - start]
  if (units !== undefined) {
    let all = 0
    for (let i = 0; i < units.length; i++) {
      const byte = bytes[start + i] as number
      units[i] = byte
      all |= byte
    }
    if (all < 128) return ofTheLibrary(String.fromCharCode(...units))
  }
  const text = bytes.toString('utf8', start, end)
  // The replacement character stands for wrong bytes, unless it was there before.
  if (text.includes(REPLACEMENT) && !Buffer.from(text).equals(bytes.subarray(start, end))) return undefined
  return text
}
