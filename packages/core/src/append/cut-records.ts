import { type Batch, packedBatch } from '@wal/walimpls'
import type { AppendTask } from '../message/append-task.js'
import type { RecordDraft } from '../message/record-draft.js'

/** No less than what the stamp adds to a record. */
const STAMP_BYTES = 160

/** The records of a batch that is being cut. Those that lie behind each other in a slab become one run of bytes. */
export class CutRecords {
  /** Of each record, whose it is. */
  readonly tasks: AppendTask[] = []
  readonly #most: { readonly bytes: number; readonly records: number }
  /** Without stamps. */
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

  /** Whether a record of so many bytes, its stamp not counted, may go in. One that is larger than a batch may be goes alone. */
  hasRoom(bytes: number): boolean {
    const { count } = this
    if (count === 0) return true
    return (
      count < this.#most.records && this.#ownBytes + bytes + (count + 1) * STAMP_BYTES <= this.#most.bytes
    )
  }

  /** `bytes`: what `recordBytes` counts of the record. */
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
