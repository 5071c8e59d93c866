import { recordBytes, type StoredMessage } from '@wal/walimpls'
import type { ReceivedEntry } from '../driver/pulsar-driver.js'
import type { PulsarId } from '../records/message-id.js'
import type { Continuity, Fault } from './continuity.js'

export type Records = readonly StoredMessage<PulsarId>[]

/** What ends a stream of entries: the entry that is not the next one, or an error. */
export type Stop = { readonly fault: Fault; readonly entry: ReceivedEntry } | { readonly error: unknown }

/** The entries that have come, cut into batches of records. An entry is decoded when its turn comes. */
export class EntryQueue {
  readonly #continuity: Continuity
  readonly #maxBytes: number
  #entries: ReceivedEntry[] = []
  #bytes = 0
  /** The records of an entry that is larger than a batch, from `#at` on. */
  #rest: { readonly records: Records; readonly bytes: number } | undefined
  #at = 0
  #stop: Stop | undefined

  constructor(continuity: Continuity, maxBytes: number) {
    this.#continuity = continuity
    this.#maxBytes = maxBytes
  }

  /** Bytes of the entries that were not given out whole. */
  get bytes(): number {
    return this.#bytes
  }

  /** Why no more records come. To be read when `take` gave none. */
  get stop(): Stop | undefined {
    return this.#stop
  }

  push(entry: ReceivedEntry): void {
    this.#entries.push(entry)
    this.#bytes += entry.bytes
  }

  clear(): void {
    this.#entries = []
    this.#rest = undefined
    this.#bytes = 0
  }

  /** Records of about `maxBytes`, as far as they have come. An entry’s own array is handed on where a batch has one entry. */
  take(): Records {
    if (this.#rest !== undefined) return this.#cut()
    let batch: Records = []
    let merged: StoredMessage<PulsarId>[] | undefined
    let bytes = 0
    let taken = 0
    while (this.#stop === undefined && taken < this.#entries.length) {
      const entry = this.#entries[taken] as ReceivedEntry
      if (batch.length > 0 && bytes + entry.bytes > this.#maxBytes) break
      const records = this.#recordsOf(entry)
      if (records === undefined) break
      taken++
      bytes += entry.bytes
      if (records.length > 0 && entry.bytes > this.#maxBytes) {
        this.#rest = { records, bytes: entry.bytes }
        this.#at = 0
        break
      }
      this.#bytes -= entry.bytes
      if (batch.length === 0) batch = records
      else {
        merged ??= [...batch]
        for (const record of records) merged.push(record)
        batch = merged
      }
    }
    if (taken === this.#entries.length) this.#entries = []
    else this.#entries.splice(0, taken)
    return this.#rest === undefined ? batch : this.#cut()
  }

  /** Undefined when the entry is not the next one, or is damaged. */
  #recordsOf(entry: ReceivedEntry): Records | undefined {
    const fault = this.#continuity.take(entry)
    if (fault !== undefined) {
      this.#stop = { fault, entry }
      return undefined
    }
    try {
      const records = this.#continuity.since(entry.records())
      if (records === undefined && entry.part === undefined) this.#stop = { fault: 'not the start', entry }
      // The record that has to come first may lie in a later part.
      return records ?? (entry.part === undefined ? undefined : [])
    } catch (error) {
      this.#stop = { error }
      return undefined
    }
  }

  #cut(): Records {
    const { records, bytes: all } = this.#rest as { readonly records: Records; readonly bytes: number }
    const begin = this.#at
    for (let bytes = 0; this.#at < records.length; this.#at++) {
      bytes += recordBytes(records[this.#at] as StoredMessage<PulsarId>)
      if (this.#at > begin && bytes > this.#maxBytes) break
    }
    const end = this.#at
    if (end === records.length) {
      this.#rest = undefined
      this.#bytes -= all
    }
    return begin === 0 && end === records.length ? records : records.slice(begin, end)
  }
}
