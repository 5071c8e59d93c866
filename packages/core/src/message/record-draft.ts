import { PAYLOAD_LENGTH_BYTES, readRecord } from '@wal/walimpls/helper'
import type { RecordArena } from './record-arena.js'
import { STAMP_TEXTS } from './stamp.js'

/**
 * A record that is to be stored: bytes in a slab, which are complete except for the stamp. The record has a gap for its
 * stamp, since the time tick in it is known only when the batch is cut. `RecordArena` says where the parts lie.
 */
export class RecordDraft {
  // Declared only, so that the constructor sets each field once: there is one of these objects for every message.
  declare slab: Buffer
  /** Where the record begins: with the length of its payload. */
  declare start: number
  declare gap: number
  declare gapEnd: number
  declare end: number
  declare readonly vchannel: string
  declare readonly type: number
  /** Payload, vchannel and properties in bytes, as `recordBytes` counts them; without what the stamp adds. */
  declare bytes: number

  /** The record that `arena` wrote last. */
  constructor(arena: RecordArena, vchannel: string, type: number) {
    this.become(arena)
    this.vchannel = vchannel
    this.type = type
  }

  /** Becomes the record that `arena` wrote last, of the same vchannel and type. */
  become(arena: RecordArena): void {
    this.slab = arena.slab
    this.start = arena.start
    this.gap = arena.gap
    this.gapEnd = arena.gapEnd
    this.end = arena.end
    this.bytes = arena.bytes
  }

  /** A view of the payload in the slab. */
  get payload(): Uint8Array {
    const start = this.start + PAYLOAD_LENGTH_BYTES
    return this.slab.subarray(start, start + this.slab.readUInt32LE(this.start))
  }

  /** What was given with the record beside its vchannel, keys and values in turn. Read once it has its stamp. */
  get properties(): string[] {
    const { properties } = readRecord(this.slab.subarray(this.start, this.end), 0)
    return properties.slice(STAMP_TEXTS + (this.vchannel === '' ? 0 : 2))
  }

  /** Copies the record, with a gap of another size. */
  widen(gapBytes: number): void {
    const { slab, start, gap, gapEnd, end } = this
    this.slab = Buffer.allocUnsafeSlow(end - start + gapBytes - (gapEnd - gap))
    this.start = 0
    this.gap = slab.copy(this.slab, 0, start, gap)
    this.gapEnd = this.gap + gapBytes
    this.end = this.gapEnd + slab.copy(this.slab, this.gapEnd, gapEnd, end)
  }
}
