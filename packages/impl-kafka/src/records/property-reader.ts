import { isSameText, readUtf8 } from '@wal/walimpls/helper'
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
      if (known !== undefined && known.length === length && isSameText(bytes, at, known))
        properties[i] = known
      else {
        const text = readUtf8(bytes, at, stop)
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
