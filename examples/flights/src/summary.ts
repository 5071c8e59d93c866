import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A summary of a stream of records. Two summaries show whether the streams are equal, and if not, where they first differ. */
export interface Summary {
  readonly count: number
  /** The SHA-256 over the index and payload of each record, in order. Equal digests mean equal streams. */
  readonly sha256: string
  /** The first record whose index is not its place in the stream. */
  readonly misplaced: { readonly place: number; readonly index: number } | undefined
  /** The CRC-32 of each payload, in order, to find the first record that differs. */
  readonly checksums: Uint32Array
}

export class Summarizer {
  private readonly hash = createHash('sha256')
  private readonly head = Buffer.alloc(8)
  private readonly checksums: Uint32Array
  private misplaced: Summary['misplaced']
  private count = 0

  constructor(expected: number) {
    this.checksums = new Uint32Array(expected)
  }

  add(index: number, payload: Uint8Array): void {
    const place = this.count++
    if (index !== place) this.misplaced ??= { place, index }
    // The length is hashed too. Otherwise a byte could move from the end of one record to the beginning of the next unnoticed.
    this.head.writeUInt32LE(index >>> 0, 0)
    this.head.writeUInt32LE(payload.length, 4)
    this.hash.update(this.head).update(payload)
    this.checksums[place] = crc32(payload)
  }

  summary(): Summary {
    const { count, misplaced, checksums } = this
    return { count, misplaced, checksums, sha256: this.hash.digest('hex') }
  }
}
