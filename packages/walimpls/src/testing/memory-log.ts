import type { Batch } from '../batch.js'
import { AppendError } from '../errors/append-error.js'
import { Bell } from '../helper/bell.js'
import { decodeProperties, encodeProperties } from '../message/property-codec.js'
import { recordBytes } from '../message/record-bytes.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { Writer } from '../writer.js'
import { type MemoryId, memoryIds } from './memory-id.js'

/** Bytes, not objects: a caller that changes what it appended, or what it read, changes nothing here. */
interface StoredRecord {
  readonly payload: Uint8Array
  readonly properties: Uint8Array
  readonly bytes: number
}

/** Takes the place of a record that `lose` removed: its number stays used. */
const LOST = undefined

/** More than the adaptor has in flight, so every batch that it may send again is still known. */
const REMEMBERED_BATCHES = 64

/**
 * The records of one channel, numbered from 1, and who may add to them. Shared by everyone who has it open. `records`,
 * `batches` and `writer` stand open, since tests do to them what befalls a stored log from outside: an older copy that is
 * put back, a failover that loses the end.
 */
export class MemoryLog {
  readonly records: (StoredRecord | typeof LOST)[] = []
  /** Number of `records[0]`, or of the next record when there is none. */
  oldest = 1
  /** Set by `remove`: one who still has it open must not go on as if nothing had happened. */
  removed = false
  /** Holds the fence; undefined before the first batch, and after the fence was forgotten. */
  writer: Writer | undefined
  /** Where the writer's latest batches lie: sequence to first number and count. */
  readonly batches = new Map<number, { readonly first: number; readonly count: number }>()
  /** Rings when there may be something new for readers. */
  readonly bell = new Bell()
  /** When the writer stored last, on the runtime's monotonic clock. */
  #storedAt = 0
  /** The writer was idle for so long that its fence is gone: the next one to store is let in, however old. */
  #unfenced = false

  get next(): number {
    return this.oldest + this.records.length
  }

  /** Takes the fence if told to, stores the batch and answers the number of its first record. */
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

  /** Forgets a writer that stored nothing for longer than `maxIdleMs`, as a broker does with its producers. */
  forgetIdleWriter(now: number, maxIdleMs: number): void {
    if (maxIdleMs > 0 && this.writer !== undefined && now - this.#storedAt > maxIdleMs) {
      this.writer = undefined
      this.#unfenced = true
    }
    this.#storedAt = now
  }

  /** Removes the records with these numbers, as a server's retention or an operator's command does. */
  lose(from: number, to: number): void {
    for (let value = Math.max(from, this.oldest); value <= Math.min(to, this.next - 1); value++)
      this.records[value - this.oldest] = LOST
  }

  /** The record of that number as an object that is its own and no other record's; undefined when it is not kept. */
  identityOf(value: number): object | undefined {
    return this.records[value - this.oldest]
  }

  /** Number of the first record kept from that one on; undefined when there is none. */
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

  /** The record of that number, which must be kept. */
  record(value: number): StoredMessage<MemoryId> {
    const { payload, properties } = this.records[value - this.oldest] as StoredRecord
    return { id: memoryIds.of(value), payload: payload.slice(), properties: decodeProperties(properties) }
  }

  /** Records from that number on, which is kept if there is any: about `maxBytes` of them, up to the first lost one. */
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

  /** Another log with the same records, oldest number, fence and remembered batches. */
  copy(): MemoryLog {
    const copy = new MemoryLog()
    copy.putBack(this)
    return copy
  }

  /** Becomes what `saved` is, under those who have this one open, as when an older copy of a log is restored. */
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
