import { RESERVED } from '@wal/walimpls'
import { type Cursor, readVarint } from './varint.js'

/** A place in a record, and where the record ends. One object serves for all records of a batch. */
export interface RecordCursor extends Cursor {
  readonly bytes: Buffer
  end: number
}

/** What is wrong with headers that cannot be read as properties, as half a sentence for an error. */
export interface BadProperties {
  readonly what: string
}

/** Reads headers of records as properties: key, value, key, value, … */
export class PropertyReader {
  /**
   * The properties of the record before. Keys and many values are the same in each record, and comparing bytes with a known
   * text is cheaper than making a new text.
   */
  #before: readonly string[] = []

  /**
   * Reads the headers at the cursor, which are the rest of the record. A header without value has an empty text. Of a key that
   * is there twice, the last value counts, as in the map that Milvus makes of headers.
   */
  read(cursor: RecordCursor): string[] | BadProperties {
    const { bytes, end } = cursor
    const count = readVarint(bytes, cursor)
    // A header takes two bytes at least. The comparison is also false for NaN.
    if (!(count >= 0 && count * 2 <= end - cursor.at))
      return { what: 'the number of its headers is not a possible one' }
    const before = this.#before
    const properties = new Array<string>(2 * count)
    let sameKeys = true
    let at = cursor.at
    for (let i = 0; i < properties.length; i++) {
      let length = bytes[at++] as number
      if (length < 128) length = (length >>> 1) ^ -(length & 1)
      else {
        cursor.at = at - 1
        length = readVarint(bytes, cursor)
        at = cursor.at
      }
      const isKey = i % 2 === 0
      // A value of length −1 is none.
      if (length === -1 && !isKey) length = 0
      const stop = at + length
      if (!(length >= 0 && stop <= end)) return { what: 'a header passes its end' }
      const known = before[i]
      if (known !== undefined && known.length === length && isSame(bytes, at, known)) properties[i] = known
      else {
        const text = readText(bytes, at, stop)
        if (text === undefined)
          return { what: `the ${isKey ? 'key' : 'value'} of header ${(i >>> 1) + 1} is not UTF-8` }
        properties[i] = text
        if (isKey) sameKeys = false
      }
      at = stop
    }
    if (at !== end) return { what: 'bytes follow its last header' }
    cursor.at = at
    // When all keys are those of the record before, at their places, none of them is there twice.
    const single = sameKeys ? properties : withSingleKeys(properties)
    this.#before = single
    return single
  }
}

/** The same properties with every key once: at its first place, with its last value. */
function withSingleKeys(properties: string[]): string[] {
  const values = new Map<string, string>()
  for (let i = 0; i < properties.length; i += 2)
    values.set(properties[i] as string, properties[i + 1] as string)
  return values.size * 2 === properties.length ? properties : [...values].flat()
}

/** Whether the bytes at `start` spell the text, and the text is all ASCII. */
function isSame(bytes: Buffer, start: number, text: string): boolean {
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
function readText(bytes: Buffer, start: number, end: number): string | undefined {
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
