import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** What is kept of a stream of records: enough to tell whether it is the input, and if not, where it parts from it. */
export interface Summary {
  readonly count: number
  /** SHA-256 over index and payload of each record, in order. This decides. */
  readonly sha256: string
  /** The first record whose index is not its place. */
  readonly misplaced: { readonly place: number; readonly index: number } | undefined
  /** CRC-32 of each payload in order, to find the place of a difference. */
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
    // The length as well, so that no byte can pass from one record to the next unnoticed.
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
