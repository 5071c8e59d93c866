import { corrupt } from '../errors/corrupt.js'
import { isSameText, readText } from './read-text.js'
import { utf8Length } from './text.js'
import type { PropertyList } from './wire-message.js'

/**
 * Properties as bytes, for backends that cannot store properties separately: the number of texts (keys and values), then each
 * text as its UTF-8 length and its bytes. Numbers are little-endian base 128 (LEB128). The bytes are written by a loop, since
 * for texts this short a call into Buffer's native encoder costs more than copying.
 */
export function encodeProperties(properties: PropertyList): Uint8Array {
  const bytes = Buffer.allocUnsafe(propertiesBound(properties))
  return bytes.subarray(0, writeProperties(bytes, 0, properties))
}

const PACKED = 'the packed properties of a record'

export function decodeProperties(bytes: Uint8Array): string[] {
  const { properties, end } = readProperties(bytes, 0)
  if (end !== bytes.length) throw corrupt(PACKED, `${bytes.length - end} bytes follow the last one`)
  return properties
}

/** An upper bound, quickly computed, for the bytes that `writeProperties` writes: three UTF-8 bytes for each UTF-16 unit. */
export function propertiesBound(properties: PropertyList): number {
  return 5 + textsBound(properties)
}

/** An upper bound for the bytes that `writeTexts` writes: like `propertiesBound`, without the number of texts. */
export function textsBound(texts: readonly string[]): number {
  let units = 0
  for (let i = 0; i < texts.length; i++) units += (texts[i] as string).length
  return 5 * texts.length + 3 * units
}

/** Exactly how many bytes `writeProperties` writes. Slower than `propertiesBound`, since every text is looked at. */
export function packedBytes(properties: PropertyList): number {
  let bytes = lengthBytes(properties.length)
  for (let i = 0; i < properties.length; i++) {
    const length = utf8Length(properties[i] as string)
    bytes += lengthBytes(length) + length
  }
  return bytes
}

/** How many bytes the packed texts have without their lengths: the part of `recordBytes` that properties make up. */
export function packedTextBytes(packed: Uint8Array, count: number): number {
  const cursor = { at: 0 }
  let total = 0
  for (let left = count; left > 0; left--) {
    const length = readLength(packed, cursor)
    cursor.at += length
    total += length
  }
  return total
}

/** Writes properties from `offset` on. Answers the offset after them. `bytes` must have room for `propertiesBound` bytes. */
export function writeProperties(bytes: Uint8Array, offset: number, properties: PropertyList): number {
  return writeTexts(bytes, writeLength(bytes, offset, properties.length), properties)
}

/** Writes texts without their number, from `offset` on. Answers the offset after them. */
export function writeTexts(bytes: Uint8Array, offset: number, texts: readonly string[]): number {
  let at = offset
  for (let i = 0; i < texts.length; i++) at = writeText(bytes, at, texts[i] as string)
  return at
}

/**
 * Reads properties from `offset` on; `end` is the offset after them. Throws `WAL_CORRUPT` for bytes that `writeProperties`
 * cannot have written. `previous` are the properties of the record before. Keys and most reserved values are the same in each
 * record, and comparing bytes with a known text is cheaper than making a new text, which took half of the time of a replay.
 */
export function readProperties(
  bytes: Uint8Array,
  offset: number,
  previous: PropertyList = NONE,
): { properties: string[]; end: number } {
  const cursor = { at: offset }
  const count = readLength(bytes, cursor)
  if (count % 2 !== 0 || count > bytes.length)
    throw corrupt(PACKED, `there can't be ${count} texts in ${bytes.length} bytes`)
  const properties = new Array<string>(count)
  for (let i = 0; i < count; i++) {
    const length = readLength(bytes, cursor)
    const start = cursor.at
    const end = start + length
    if (end > bytes.length) throw corrupt(PACKED, 'a text passes their end')
    const before = previous[i]
    properties[i] =
      before !== undefined && before.length === length && isSameText(bytes, start, before)
        ? before
        : readText(bytes, start, end)
    cursor.at = end
  }
  return { properties, end: cursor.at }
}

const NONE: PropertyList = []

/** Writes one text, in the form that `writeTexts` uses. */
export function writeText(bytes: Uint8Array, offset: number, text: string): number {
  const { length } = text
  if (length < 128) {
    // One byte is reserved for the length, which is enough when all characters are ASCII. If one is not, the text is written
    // again below.
    let at = offset + 1
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      bytes[at++] = unit
    }
    if (i === length) {
      bytes[offset] = length
      return at
    }
  }
  const buffer = asBuffer(bytes)
  const at = writeLength(bytes, offset, Buffer.byteLength(text))
  return at + buffer.write(text, at)
}

/** Writes a length, or the number of texts, in base 128. Answers the offset after it. */
export function writeLength(bytes: Uint8Array, offset: number, length: number): number {
  let at = offset
  let rest = length
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}

/** How many bytes `writeLength` writes. */
export function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length; rest > 127; rest >>>= 7) bytes++
  return bytes
}

/** Reads a length, or the number of texts, at `cursor.at`, and moves the cursor behind that number. */
export function readLength(bytes: Uint8Array, cursor: { at: number }): number {
  let length = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) break
    length += (byte & 127) * 2 ** shift
    if (byte < 128) return length
  }
  throw corrupt(PACKED, 'a length passes their end')
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
