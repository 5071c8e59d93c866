import { corrupt } from '../errors/corrupt.js'
import { RESERVED } from './reserved-keys.js'
import { utf8Length } from './text.js'
import type { PropertyList } from './wire-message.js'

/**
 * Packed properties, for backends without a place for them: count of strings, then each as its UTF-8 length and bytes.
 * Numbers are little-endian base 128 (LEB128). Written by hand, byte for byte: for texts this short a call into
 * Buffer's native encoder costs more than the copy.
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

/** No fewer bytes than `writeProperties` needs. UTF-8 takes at most three a UTF-16 unit. */
export function propertiesBound(properties: PropertyList): number {
  return 5 + textsBound(properties)
}

/** The same of texts without their number. */
export function textsBound(texts: readonly string[]): number {
  let units = 0
  for (let i = 0; i < texts.length; i++) units += (texts[i] as string).length
  return 5 * texts.length + 3 * units
}

/** Exactly as many bytes as `writeProperties` needs. It looks at every text, which the bound does not. */
export function packedBytes(properties: PropertyList): number {
  let bytes = lengthBytes(properties.length)
  for (let i = 0; i < properties.length; i++) {
    const length = utf8Length(properties[i] as string)
    bytes += lengthBytes(length) + length
  }
  return bytes
}

/** How many bytes so many packed texts have, without what packing adds: their part of `recordBytes`. */
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

/** Writes from `offset`; answers the offset behind. `bytes` must have room for `propertiesBound`. */
export function writeProperties(bytes: Uint8Array, offset: number, properties: PropertyList): number {
  return writeTexts(bytes, writeLength(bytes, offset, properties.length), properties)
}

/** Packs texts, without their number, from `offset`; answers the offset behind. */
export function writeTexts(bytes: Uint8Array, offset: number, texts: readonly string[]): number {
  let at = offset
  for (let i = 0; i < texts.length; i++) at = writeText(bytes, at, texts[i] as string)
  return at
}

/**
 * Reads from `offset`; `end` is the offset behind. Throws `WAL_CORRUPT` when the bytes can't have been written so.
 * `previous` are the properties of the record before: keys and most values of the library's own are the same from record
 * to record, and comparing is cheaper than making a text (half of a replay's time went there).
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
      before !== undefined && before.length === length && isSame(bytes, start, before)
        ? before
        : ofTheLibrary(readText(bytes, start, end))
    cursor.at = end
  }
  return { properties, end: cursor.at }
}

const NONE: PropertyList = []

const RESERVED_KEYS = new Map<string, string>(Object.values(RESERVED).map((key) => [key, key]))

/**
 * A reserved key as the very text that the library compares with: where two texts are one object, comparing them takes no
 * look at their units, and each record's keys are compared with several.
 */
function ofTheLibrary(text: string): string {
  return text.charCodeAt(0) === 0x5f ? (RESERVED_KEYS.get(text) ?? text) : text
}

/** Whether the bytes are this text, all of it ASCII. */
function isSame(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] as number
    if (byte !== text.charCodeAt(i) || byte > 127) return false
  }
  return true
}

/** Packs one text, as `writeTexts` does. */
export function writeText(bytes: Uint8Array, offset: number, text: string): number {
  const { length } = text
  if (length < 128) {
    // One byte for the length if all is ASCII; found out while writing.
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

/** Scratch space by length: a list that is handed on whole makes a text without a call into Buffer, which costs twice as much. */
const UNITS = Array.from({ length: 17 }, (_, length) => new Array<number>(length).fill(0))

function readText(bytes: Uint8Array, start: number, end: number): string {
  const units = UNITS[end - start]
  if (units === undefined) return asBuffer(bytes).toString('utf8', start, end)
  let all = 0
  for (let i = 0; i < units.length; i++) {
    const byte = bytes[start + i] as number
    units[i] = byte
    all |= byte
  }
  return all > 127 ? asBuffer(bytes).toString('utf8', start, end) : String.fromCharCode(...units)
}

/** Writes a length, or the number of texts, in base 128; answers the offset behind. */
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

function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length; rest > 127; rest >>>= 7) bytes++
  return bytes
}

/** Reads a length, or the number of texts, at `cursor.at`, and moves that behind it. */
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
