import { BinaryReader } from '@bufbuild/protobuf/wire'
import type { PropertyList } from '@wal/walimpls'
import { isSameText, readUtf8 } from '@wal/walimpls/helper'
import { CARRIED, uncarried, withSingleKeys } from './carried-properties.js'
import { Damage } from './damage.js'
import { KEY, LENGTH_DELIMITED, VALUE } from './metadata-fields.js'
import { type Cursor, readVarint } from './varint.js'

const NONE: PropertyList = []

/** A place in the metadata of a message, and where these end. One object serves for all messages of a batch. */
export interface MetadataCursor extends Cursor {
  readonly bytes: Buffer
  end: number
}

const KEY_TAG = (KEY << 3) | LENGTH_DELIMITED
const VALUE_TAG = (VALUE << 3) | LENGTH_DELIMITED

/**
 * Reads the properties of one message after the other. The usual form is read by hand: protobuf's reader would make an object for
 * each property and a text for each key, which takes several times as long.
 */
export class PropertyReader {
  /**
   * The properties of the message before. Keys and many values are the same in each message, and comparing bytes with a known
   * text is cheaper than making a new text.
   */
  #before: PropertyList = NONE
  #properties: string[] = []
  #sameKeys = true

  /** Begins with the properties of another message. */
  begin(): void {
    this.#properties = []
    this.#sameKeys = true
  }

  /**
   * Reads the properties at the cursor, each a `KeyValue` behind this tag, up to the first field with another tag. Throws
   * `Damage`.
   */
  read(cursor: MetadataCursor, tag: number): void {
    const { bytes, end } = cursor
    let at = cursor.at
    while (at < end && bytes[at] === tag) {
      let length = bytes[++at] as number
      if (length < 128) at++
      else {
        cursor.at = at
        length = readVarint(bytes, cursor)
        at = cursor.at
      }
      const stop = at + length
      if (!(stop <= end)) throw new Damage('a property passes the end of the metadata')
      if (!this.#readUsual(bytes, at, stop)) this.#readOdd(bytes.subarray(at, stop))
      at = stop
    }
    cursor.at = at
  }

  /** Reads a `KeyValue` that is not part of the metadata of a batch's message. Throws `Damage`. */
  add(bytes: Buffer): void {
    if (!this.#readUsual(bytes, 0, bytes.length)) this.#readOdd(bytes)
  }

  /**
   * The properties that were read. Of a key that is there twice, the last value counts, as in the map that other clients make of
   * properties. A list that the native client could not carry is made whole.
   */
  finish(): PropertyList {
    // When all keys are those of the message before, at their places, none of them is there twice, nor reserved.
    const properties = this.#sameKeys ? this.#properties : uncarried(withSingleKeys(this.#properties))
    this.#before = !this.#sameKeys && properties.includes(CARRIED) ? NONE : properties
    return properties
  }

  /** Reads a key and a value, each once and in this order. False, with nothing read, for any other form. */
  #readUsual(bytes: Buffer, start: number, end: number): boolean {
    if (start + 4 > end || bytes[start] !== KEY_TAG) return false
    const keyLength = bytes[start + 1] as number
    const key = start + 2
    const tag = key + keyLength
    if (keyLength > 127 || tag + 2 > end || bytes[tag] !== VALUE_TAG) return false
    let value = tag + 2
    let valueLength = bytes[tag + 1] as number
    if (valueLength > 127) {
      const cursor = { at: tag + 1 }
      valueLength = readVarint(bytes, cursor)
      value = cursor.at
    }
    if (value + valueLength !== end) return false
    const properties = this.#properties
    const before = this.#before[properties.length]
    if (before !== undefined && before.length === keyLength && isSameText(bytes, key, before))
      properties.push(before)
    else {
      properties.push(textOf(bytes, key, tag))
      this.#sameKeys = false
    }
    const known = this.#before[properties.length]
    properties.push(
      known !== undefined && known.length === valueLength && isSameText(bytes, value, known)
        ? known
        : textOf(bytes, value, end),
    )
    return true
  }

  /** Reads key and value in any form that protobuf allows. */
  #readOdd(bytes: Buffer): void {
    let key: Uint8Array | undefined
    let value: Uint8Array | undefined
    const reader = new BinaryReader(bytes)
    try {
      while (reader.pos < reader.len) {
        const [field, kind] = reader.tag()
        if (field === KEY && kind === LENGTH_DELIMITED) key = reader.bytes()
        else if (field === VALUE && kind === LENGTH_DELIMITED) value = reader.bytes()
        else reader.skip(kind, field)
      }
    } catch (error) {
      throw new Damage(`a property can't be read: ${(error as Error).message}`)
    }
    if (key === undefined || value === undefined) throw new Damage('a property lacks its key or its value')
    this.#properties.push(textOf(asBuffer(key), 0, key.length), textOf(asBuffer(value), 0, value.length))
    this.#sameKeys = false
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  const text = readUtf8(bytes, start, end)
  if (text === undefined) throw new Damage('the key or the value of a property is not UTF-8')
  return text
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
