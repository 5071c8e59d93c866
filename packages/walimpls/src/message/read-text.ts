import { RESERVED } from './reserved-keys.js'

/**
 * Whether the bytes at `start` spell the text, and the text is all ASCII. There have to be as many bytes as the text has
 * characters. Keys and many values are the same from record to record, and comparing costs less than making a new text.
 */
export function isSameText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] as number
    if (byte !== text.charCodeAt(i) || byte > 127) return false
  }
  return true
}

/** The text of UTF-8 bytes. The replacement character stands for bytes that are none. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  return shortText(bytes, start, end) ?? asBuffer(bytes).toString('utf8', start, end)
}

const REPLACEMENT = '\ufffd'

/** The text of UTF-8 bytes; undefined when they are none. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  const short = shortText(bytes, start, end)
  if (short !== undefined) return short
  const buffer = asBuffer(bytes)
  const text = buffer.toString('utf8', start, end)
  // The replacement character stands for wrong bytes, unless it was there before.
  if (text.includes(REPLACEMENT) && !Buffer.from(text).equals(buffer.subarray(start, end))) return undefined
  return text
}

/**
 * Arrays of each short length, used again for every text: `String.fromCharCode` on a whole array costs half of what a call into
 * Buffer costs.
 */
const UNITS = Array.from({ length: 17 }, (_, length) => new Array<number>(length).fill(0))

/** A short text in ASCII; otherwise undefined. */
function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const units = UNITS[end - start]
  if (units === undefined) return undefined
  let all = 0
  for (let i = 0; i < units.length; i++) {
    const byte = bytes[start + i] as number
    units[i] = byte
    all |= byte
  }
  return all < 128 ? ofTheLibrary(String.fromCharCode(...units)) : undefined
}

const RESERVED_KEYS = new Map<string, string>(Object.values(RESERVED).map((key) => [key, key]))

/**
 * Replaces a reserved key by the string object that the library's own code compares with. Two equal strings that are the same
 * object are compared without looking at their characters, and the keys of every record are compared several times.
 */
function ofTheLibrary(text: string): string {
  return text.charCodeAt(0) === 0x5f ? (RESERVED_KEYS.get(text) ?? text) : text
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
