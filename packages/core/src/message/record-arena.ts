import { checkUserProperty, RESERVED, userPropertyList, utf8Length } from '@wal/walimpls'
import {
  PAYLOAD_LENGTH_BYTES,
  packedBytes,
  packedTextBytes,
  textsBound,
  writeLength,
  writePayloadLength,
  writeText,
  writeTexts,
} from '@wal/walimpls/helper'
import { STAMP_TEXTS } from './stamp.js'

const SLAB_BYTES = 256 << 10
/** Room that is first reckoned for a property with its key. */
const USUAL_BYTES = 64
/**
 * A record takes at most this beside payload, stamp and texts: for the lengths of payload and vchannel and the number of
 * texts.
 */
const FRAMING_BYTES = PAYLOAD_LENGTH_BYTES + 5 + 1 + RESERVED.vchannel.length + 5

/** What a record is made of, before it has its stamp. */
export interface RecordParts {
  readonly payload: Uint8Array
  readonly vchannel: string
  /** Keys and values in turn: the library's own besides those of the stamp, then the user's, checked. */
  readonly properties: readonly string[]
}

/** A user's message, all of it checked but the properties. */
export interface CheckedMessage {
  readonly payload: Uint8Array
  readonly vchannel: string
  readonly properties: ReadonlyMap<string, string> | undefined
  readonly type: number
}

/**
 * Writes records into large slabs, one behind the other, in the form in which backends get them (`Batch.packed`): the length
 * of the payload, the payload, the number of texts, a gap for the stamp, then the texts of vchannel and properties. So a
 * record is copied once on its way to the backend, and the write-ahead buffer keeps slabs and no object per message, which
 * the garbage collector would copy twice and then mark for as long as the buffer holds it (half of all time, when it did).
 *
 * Messages of one writer leave in the order in which they came, so a slab is free soon after its last one. Each writer has
 * its own: in a shared one a quiet log's few records would keep a busy one's slabs.
 */
export class RecordArena {
  /**
   * Where the record lies that was written last. Fields say so, since an object for each record would have to be collected.
   */
  slab: Buffer = Buffer.alloc(0)
  start = 0
  gap = 0
  gapEnd = 0
  end = 0
  /** Bytes of payload, vchannel and properties of the record that was written last, as `recordBytes` counts. */
  bytes = 0
  #shared = this.slab
  #used = 0
  /** Room for the stamp in the record that is being written. */
  #stampBytes = 0
  /** How many records were begun. */
  #begun = 0
  /** The vchannel of the message before, packed with its key: the next message mostly has the same. */
  #vchannel = ''
  #vchannelPacked: Uint8Array = this.slab
  #vchannelBytes = 0

  /**
   * Copies a message with the user's properties, which are checked on the way (`WAL_INVALID_ARGUMENT`). Every message
   * passes here, so no list of its properties is made where they find room.
   */
  writeMessage(message: CheckedMessage, stampBytes: number): void {
    const { payload, vchannel, properties } = message
    const count = properties === undefined ? 0 : properties.size
    const room = FRAMING_BYTES + stampBytes + payload.length + 3 * vchannel.length + USUAL_BYTES * count
    if (room > SLAB_BYTES / 8 || !this.#writeAtOnce(message, stampBytes, { room, count }))
      this.#writeListed(message, stampBytes)
  }

  /**
   * Answers whether all was written: the properties may need more room than was reckoned for them. A Map of a class of the
   * user's may also append another message while its properties are read: that message was then written to the same place.
   */
  #writeAtOnce(
    message: CheckedMessage,
    stampBytes: number,
    { room, count }: { readonly room: number; readonly count: number },
  ): boolean {
    const { payload, vchannel, properties } = message
    if (this.#used + room > this.#shared.length) this.#newSlab()
    const slab = this.#shared
    this.#place(slab, this.#used, stampBytes)
    const own = this.#begin(payload, vchannel, 2 * count)
    const begun = this.#begun
    let end = own
    let texts = 0
    if (properties !== undefined)
      for (const [key, value] of properties) {
        checkUserProperty(key, value)
        if (this.#begun !== begun || end + 10 + 3 * (key.length + value.length) > slab.length) return false
        end = writeText(slab, writeText(slab, end, key), value)
        texts += 2
      }
    // Such a Map may also count other properties than it gives out.
    if (this.#begun !== begun || texts !== 2 * count) return false
    this.#end(own, end, texts)
    this.#used = end
    return true
  }

  /** Copies a record, with a gap of `stampBytes`. */
  write(parts: RecordParts, stampBytes: number): void {
    const { payload, vchannel, properties } = parts
    const framed = FRAMING_BYTES + stampBytes + payload.length + 3 * vchannel.length
    const bound = framed + textsBound(properties)
    if (bound > SLAB_BYTES / 8) {
      // A slab of its own lives as long as the message does: the bound may be three times what it needs.
      this.#place(Buffer.allocUnsafeSlow(framed + packedBytes(properties)), 0, stampBytes)
      this.#writeParts(parts)
      return
    }
    if (this.#used + bound > this.#shared.length) this.#newSlab()
    this.#place(this.#shared, this.#used, stampBytes)
    this.#writeParts(parts)
    this.#used = this.end
  }

  /** As `writeMessage`, for a message that is large, or that `#writeAtOnce` could not write. */
  #writeListed({ payload, vchannel, properties }: CheckedMessage, stampBytes: number): void {
    const list = properties === undefined ? [] : userPropertyList(properties)
    this.write({ payload, vchannel, properties: list }, stampBytes)
  }

  #newSlab(): void {
    this.#shared = Buffer.allocUnsafeSlow(SLAB_BYTES)
    this.#used = 0
  }

  /** Decides where the next record is written. Its gap has room for a stamp of `stampBytes`. */
  #place(slab: Buffer, start: number, stampBytes: number): void {
    this.slab = slab
    this.start = start
    this.#stampBytes = stampBytes
  }

  #writeParts({ payload, vchannel, properties }: RecordParts): void {
    const texts = properties.length
    const own = this.#begin(payload, vchannel, texts)
    this.#end(own, writeTexts(this.slab, own, properties), texts)
  }

  /** Writes all that comes before the properties; answers where these begin. */
  #begin(payload: Uint8Array, vchannel: string, texts: number): number {
    const { slab, start } = this
    this.#begun++
    writePayloadLength(slab, start, payload.length)
    slab.set(payload, start + PAYLOAD_LENGTH_BYTES)
    const named = vchannel === '' ? 0 : 2
    const gap = writeLength(slab, start + PAYLOAD_LENGTH_BYTES + payload.length, STAMP_TEXTS + named + texts)
    this.gap = gap
    this.gapEnd = gap + this.#stampBytes
    this.bytes = payload.length
    if (named === 0) return this.gapEnd
    if (vchannel !== this.#vchannel) this.#pack(vchannel)
    const packed = this.#vchannelPacked
    const at = this.gapEnd
    for (let i = 0; i < packed.length; i++) slab[at + i] = packed[i] as number
    this.bytes += this.#vchannelBytes
    return at + packed.length
  }

  #end(own: number, end: number, texts: number): void {
    this.end = end
    // Texts of at most 128 bytes in all have lengths of one byte each, so nothing has to be read to count them.
    if (end - own <= 128) this.bytes += end - own - texts
    else this.bytes += packedTextBytes(this.slab.subarray(own, end), texts)
  }

  #pack(vchannel: string): void {
    const texts = [RESERVED.vchannel, vchannel]
    const bytes = new Uint8Array(textsBound(texts))
    this.#vchannelPacked = bytes.slice(0, writeTexts(bytes, 0, texts))
    this.#vchannelBytes = utf8Length(vchannel)
    this.#vchannel = vchannel
  }
}
