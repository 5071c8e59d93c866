import { corrupt, type StoredMessage } from '@wal/walimpls'
import { BEFORE_ALL, PAYLOAD_FIELD, PREVIOUS_FIELD } from './fields.js'
import { messageIds, type RedisStreamsId } from './message-id.js'

/** An entry of a stream, and the id of the entry before it, as the entry itself names it. */
export interface Entry {
  readonly message: StoredMessage<RedisStreamsId>
  readonly previous: RedisStreamsId
  /** The size of the entry as the server packed it. */
  readonly bytes: number
}

const NOTHING = Buffer.alloc(0)

/** Decodes entries that the server's Lua packed as MessagePack: `[[id, [field, value, …]], …]`. */
export class EntryDecoder {
  #bytes: Buffer = NOTHING
  #at = 0
  /**
   * The fields of the entry before. Most keys and reserved values are the same in each entry, and comparing is cheaper than
   * making a new text.
   */
  #before: readonly string[] = []

  readonly #place: string

  /** `place` names the stream in errors. */
  constructor(place: string) {
    this.#place = place
  }

  /**
   * Decodes all entries. Their payloads are views of `packed`, not copies. Throws `WAL_CORRUPT` for entries that this package
   * cannot have stored.
   */
  decode(packed: Buffer): Entry[] {
    this.#bytes = packed
    this.#at = 0
    const count = this.#readArray()
    const entries = new Array<Entry>(count)
    for (let i = 0; i < count; i++) entries[i] = this.#readEntry()
    if (this.#at !== packed.length) throw this.#damaged('the server’s answer goes on behind the last entry')
    // Release the bytes. Otherwise the decoder would keep the last page in memory until the next one comes, if ever.
    this.#bytes = NOTHING
    return entries
  }

  #readEntry(): Entry {
    const start = this.#at
    if (this.#readArray() !== 2)
      throw this.#damaged('an entry in the server’s answer is not an id and a list of fields')
    const text = this.#readText('')
    const id = messageIds.read(text)
    if (id === undefined)
      throw this.#damaged(
        `entry ${text.slice(0, 40)} has an id that this package does not make: another application added it`,
      )
    let left = this.#readArray()
    let previous: RedisStreamsId | undefined
    const fields: string[] = new Array(Math.max(0, left - 2))
    let length = 0
    while (left > 2) {
      const field = this.#readText(this.#before[length])
      left--
      if (length === 0 && previous === undefined && field === PREVIOUS_FIELD) {
        const named = this.#readText(BEFORE_ALL)
        left--
        previous = messageIds.read(named)
        if (previous === undefined)
          throw this.#damaged(
            `entry ${text} has ${named.slice(0, 40)} in the field ${PREVIOUS_FIELD}, where an id belongs`,
          )
      } else fields[length++] = field
    }
    fields.length = length
    if (left !== 2 || length % 2 !== 0 || this.#readText(PAYLOAD_FIELD) !== PAYLOAD_FIELD)
      throw this.#damaged(
        `entry ${text} does not end with the field ${PAYLOAD_FIELD}: another application added it`,
      )
    const payload = this.#readBytes()
    this.#before = fields
    if (previous === undefined) {
      if (id.ordinal === 0)
        throw this.#damaged(`entry ${text} does not say which one it follows: another application added it`)
      previous = messageIds.of(id.milliseconds, id.ordinal - 1)
    }
    return { message: { id, payload, properties: fields }, previous, bytes: this.#at - start }
  }

  #readArray(): number {
    const kind = this.#bytes[this.#at++] ?? 0
    if ((kind & 0xf0) === 0x90) return kind & 15
    if (kind === 0xdc) return this.#readNumber(2)
    if (kind === 0xdd) return this.#readNumber(4)
    // Lua cannot tell an empty list from an empty map, and packs both as a map.
    if (kind === 0x80) return 0
    throw this.#damaged(`the server’s answer has the byte 0x${kind.toString(16)} where a list should begin`)
  }

  #readText(likely: string | undefined): string {
    const length = this.#readLength()
    const start = this.#at
    const end = start + length
    this.#at = end
    const bytes = this.#bytes
    if (end > bytes.length) throw this.#damaged('a text passes the end of the server’s answer')
    if (likely !== undefined && likely.length === length && isSame(bytes, start, likely)) return likely
    return bytes.toString('utf8', start, end)
  }

  #readBytes(): Buffer {
    const length = this.#readLength()
    const start = this.#at
    this.#at = start + length
    if (this.#at > this.#bytes.length) throw this.#damaged('a payload passes the end of the server’s answer')
    return this.#bytes.subarray(start, this.#at)
  }

  #readLength(): number {
    const kind = this.#bytes[this.#at++] ?? 0
    if ((kind & 0xe0) === 0xa0) return kind & 31
    if (kind === 0xd9) return this.#readNumber(1)
    if (kind === 0xda) return this.#readNumber(2)
    if (kind === 0xdb) return this.#readNumber(4)
    throw this.#damaged(`the server’s answer has the byte 0x${kind.toString(16)} where a text should begin`)
  }

  #readNumber(size: number): number {
    const start = this.#at
    this.#at += size
    if (this.#at > this.#bytes.length) throw this.#damaged('the server’s answer is cut off')
    return this.#bytes.readUIntBE(start, size)
  }

  #damaged(what: string): Error {
    return corrupt(`the stream ${this.#place}`, what)
  }
}

/** Whether the bytes at `start` spell the text, and the text is all ASCII. */
function isSame(bytes: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[start + i] as number
    if (byte !== text.charCodeAt(i) || byte > 127) return false
  }
  return true
}
