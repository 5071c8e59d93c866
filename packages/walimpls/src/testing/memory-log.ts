import type { Batch } from '../batch.js'
import { AppendError } from '../errors/append-error.js'
import { Bell } from '../helper/bell.js'
import { decodeProperties, encodeProperties } from '../message/property-codec.js'
import { recordBytes } from '../message/record-bytes.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { Writer } from '../writer.js'
import { type MemoryId, memoryIds } from './memory-id.js'

/**
 * A stored record as bytes of its own: a caller that changes a message after the append, or one that it read, does not change
 * the log.
 */
interface StoredRecord {
  readonly payload: Uint8Array
  readonly properties: Uint8Array
  readonly bytes: number
}

/** Stands in place of a record that `lose` removed, so that its number is not given out again. */
const LOST = undefined

/** How many batches the log remembers, to recognise one that is sent again. More than the adaptor ever has in flight. */
const REMEMBERED_BATCHES = 64

/**
 * The records of one in-memory channel, numbered from 1, and the writer that may append. Everyone who has the channel open
 * shares this object. `records`, `batches` and `writer` are public, since tests change them as accidents change a stored log: a
 * failover that loses the end, or an older copy that is restored.
 */
export class MemoryLog {
  readonly records: (StoredRecord | typeof LOST)[] = []
  /** The number of `records[0]`, or of the next record when the log is empty. */
  oldest = 1
  /** Set when the channel was deleted. Logs that are still open on it then reject every call. */
  removed = false
  /** The writer that holds the fence. Undefined before the first batch, and after an idle writer was forgotten. */
  writer: Writer | undefined
  /** The latest batches of the writer, by sequence: the number of the first record, and how many records. */
  readonly batches = new Map<number, { readonly first: number; readonly count: number }>()
  /** Rings when readers may find something new. */
  readonly bell = new Bell()
  /** When a batch was last appended, by the runtime's monotonic clock. */
  #storedAt = 0
  /**
   * The fence was forgotten because its writer was idle. The next writer that appends is accepted, even one of an older term.
   */
  #unfenced = false

  get next(): number {
    return this.oldest + this.records.length
  }

  /** Stores the batch, and takes the fence when `fences` is true. Answers the number of the batch's first record. */
  store(batch: Batch, writer: Writer, fences: boolean): number {
    if (this.removed)
      throw new AppendError('WAL_CHANNEL_NOT_FOUND', 'The channel was deleted.', { outcome: 'not-written' })
    const known = isSame(this.writer, writer) ? this.batches.get(batch.sequence) : undefined
    if (known !== undefined && known.count === batch.count) return known.first
    this.#fence(writer, fences)
    const first = this.next
    for (const { payload, properties } of batch.messages) {
      this.records.push({
        payload: Uint8Array.from(payload),
        properties: Uint8Array.from(encodeProperties(properties)),
        bytes: recordBytes({ payload, properties }),
      })
    }
    this.batches.set(batch.sequence, { first, count: batch.count })
    if (this.batches.size > REMEMBERED_BATCHES)
      this.batches.delete(this.batches.keys().next().value as number)
    this.bell.ring()
    return first
  }

  #fence(writer: Writer, fences: boolean): void {
    if (isSame(this.writer, writer)) return
    if (!this.#unfenced && (!fences || writer.term < (this.writer?.term ?? 0))) {
      const current =
        this.writer === undefined
          ? 'The channel has no writer yet'
          : `The channel has a writer of term ${this.writer.term}`
      throw new AppendError('WAL_FENCED', `${current}; this one has term ${writer.term}.`, {
        outcome: 'not-written',
      })
    }
    this.#unfenced = false
    this.writer = { term: writer.term, incarnation: writer.incarnation }
    this.batches.clear()
  }

  /**
   * Forgets the fence of a writer that has stored nothing for longer than `maxIdleMs`, as a broker forgets an idle producer.
   */
  forgetIdleWriter(now: number, maxIdleMs: number): void {
    if (maxIdleMs > 0 && this.writer !== undefined && now - this.#storedAt > maxIdleMs) {
      this.writer = undefined
      this.#unfenced = true
    }
    this.#storedAt = now
  }

  /** Removes the records with numbers `from` to `to`, as a server's retention or an operator may. */
  lose(from: number, to: number): void {
    for (let value = Math.max(from, this.oldest); value <= Math.min(to, this.next - 1); value++)
      this.records[value - this.oldest] = LOST
  }

  /**
   * An object that stands for the record with this number, and for no other record ever stored. Undefined when it is not kept.
   */
  identityOf(value: number): object | undefined {
    return this.records[value - this.oldest]
  }

  /** The number of the first record kept at or above `from`; undefined when there is none. */
  firstKept(from: number): number | undefined {
    for (let value = Math.max(from, this.oldest); value < this.next; value++)
      if (this.records[value - this.oldest] !== LOST) return value
    return undefined
  }

  get last(): StoredMessage<MemoryId> | undefined {
    for (let value = this.next - 1; value >= this.oldest; value--)
      if (this.records[value - this.oldest] !== LOST) return this.record(value)
    return undefined
  }

  /** The record with this number. It must be kept. */
  record(value: number): StoredMessage<MemoryId> {
    const { payload, properties } = this.records[value - this.oldest] as StoredRecord
    return { id: memoryIds.of(value), payload: payload.slice(), properties: decodeProperties(properties) }
  }

  /** The records from this number on, about `maxBytes` of them, up to the first record that was lost. */
  page(from: number, maxBytes: number): StoredMessage<MemoryId>[] {
    const page: StoredMessage<MemoryId>[] = []
    let bytes = 0
    for (let value = from; value < this.next; value++) {
      const record = this.records[value - this.oldest]
      if (record === LOST) break
      bytes += record.bytes
      if (page.length > 0 && bytes > maxBytes) break
      page.push(this.record(value))
    }
    return page
  }

  truncate(before: number): void {
    const oldest = Math.min(before, this.next - 1)
    if (oldest <= this.oldest) return
    this.records.splice(0, oldest - this.oldest)
    this.oldest = oldest
  }

  /** A new log with the same records, oldest number, fence and remembered batches. */
  copy(): MemoryLog {
    const copy = new MemoryLog()
    copy.putBack(this)
    return copy
  }

  /**
   * Replaces the content of this log by that of `saved`, while others have this log open: as when an older copy of a log is
   * restored.
   */
  putBack(saved: MemoryLog): void {
    this.records.splice(0, this.records.length, ...saved.records)
    this.oldest = saved.oldest
    this.writer = saved.writer
    this.batches.clear()
    for (const [sequence, place] of saved.batches) this.batches.set(sequence, place)
    this.#storedAt = saved.#storedAt
    this.#unfenced = saved.#unfenced
    this.bell.ring()
  }

  remove(): void {
    this.removed = true
    this.bell.ring()
  }
}

function isSame(one: Writer | undefined, other: Writer): boolean {
  return one !== undefined && one.term === other.term && one.incarnation === other.incarnation
}
