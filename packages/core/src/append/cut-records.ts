import { type Batch, packedBatch } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'
import type { RecordDraft } from '../message/record-draft.js'

/** The stamp adds at most this to a record. */
const STAMP_BYTES = 160

/** The records of a batch that is being cut. Records that lie next to each other in a slab become one run of bytes. */
export class CutRecords {
  /** The task of each record. A message that is stored as three records is listed three times. */
  readonly tasks: AppendTask[] = []
  readonly #most: { readonly bytes: number; readonly records: number }
  /** Bytes of the records without their stamps. */
  #ownBytes = 0
  #bytes = 0
  readonly #packed: Uint8Array[] = []
  #slab: Buffer | undefined
  #start = 0
  #end = 0

  constructor(most: { readonly bytes: number; readonly records: number }) {
    this.#most = most
  }

  get count(): number {
    return this.tasks.length
  }

  /**
   * Whether a record of so many bytes, without its stamp, has room. A record larger than a whole batch gets a batch alone.
   */
  hasRoom(bytes: number): boolean {
    const { count } = this
    if (count === 0) return true
    return (
      count < this.#most.records && this.#ownBytes + bytes + (count + 1) * STAMP_BYTES <= this.#most.bytes
    )
  }

  /** `bytes` is the size of the stamped record, as `recordBytes` counts. */
  add(task: AppendTask, record: RecordDraft, bytes: number): void {
    this.tasks.push(task)
    this.#ownBytes += record.bytes
    this.#bytes += bytes
    if (record.slab !== this.#slab || record.start !== this.#end) {
      this.#endRun()
      this.#slab = record.slab
      this.#start = record.start
    }
    this.#end = record.end
  }

  batch(sequence: number): Batch {
    this.#endRun()
    return packedBatch({ sequence, count: this.count, bytes: this.#bytes, packed: this.#packed })
  }

  #endRun(): void {
    if (this.#slab !== undefined) this.#packed.push(this.#slab.subarray(this.#start, this.#end))
  }
}
