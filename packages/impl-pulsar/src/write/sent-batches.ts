import { type Batch, corrupt, WalError } from '@wal/walimpls'
import { placeText } from '../driver/place.js'
import type { EntryPlace } from '../driver/pulsar-driver.js'
import type { SeenEntry } from './read-back.js'

/** A batch that was sent and is not acknowledged, by the adaptor's number. */
type SentBatch = Pick<Batch, 'sequence'>

/** A batch that the log has, though its receipt was lost. */
export interface StoredBatch {
  readonly number: number
  readonly place: EntryPlace
}

/**
 * The numbers of a writer's entries. Numbers rise by one from entry to entry. A batch that is sent again keeps its number, by
 * which, and by the producer's name, the log is searched for it.
 */
export class SentBatches {
  /** The number of the last acknowledged entry; undefined before the first. */
  #acked: number | undefined
  #next = 0
  /** By number, in order. */
  readonly #sent = new Map<number, SentBatch>()
  /** By the adaptor's number: what a look at the log has found. */
  readonly #stored = new Map<number, StoredBatch>()

  /** The next number is at least this. */
  from(number: number): void {
    this.#next = Math.max(this.#next, number)
  }

  /** Gives the batch that is about to be sent its number. */
  number({ sequence }: Batch): number {
    const number = this.#next++
    this.#sent.set(number, { sequence })
    return number
  }

  /** Everything up to this number is stored and acknowledged. */
  acknowledged(number: number): void {
    const sent = this.#sent.get(number)
    if (sent !== undefined) this.#stored.delete(sent.sequence)
    this.#sent.delete(number)
    this.#acked = number
  }

  /** The place at which the log has this batch, by the last look. */
  storedAt({ sequence }: Batch): StoredBatch | undefined {
    return this.#stored.get(sequence)
  }

  /** Nothing was ever acknowledged, and what was sent is sent again: readers drop the copy. */
  startAgain(): void {
    for (const number of this.#sent.keys()) this.#next = Math.min(this.#next, number)
    this.#sent.clear()
  }

  /**
   * Compares the log with what was sent. `entries` begins with the acknowledged one. What the log lacks is certainly not stored,
   * since the producer that sent it has ended, and its number is free. Throws when the log has records of others, or a batch
   * behind one that it lacks.
   */
  compare(entries: readonly SeenEntry[], name: string, where: string): void {
    // What an earlier look has found may be gone.
    this.#stored.clear()
    const stored = new Map<number, SeenEntry>()
    for (const entry of entries) {
      const { producer, sequence } = entry
      if (producer !== name || sequence === undefined)
        throw new WalError('WAL_FENCED', `${where}: another writer has stored records behind this writer’s.`)
      if (!stored.has(sequence)) stored.set(sequence, entry)
    }
    for (const number of stored.keys()) if (number <= (this.#acked ?? -1)) stored.delete(number)
    let missing: number | undefined
    for (const [number, { sequence }] of [...this.#sent]) {
      const entry = stored.get(number)
      if (entry === undefined) {
        missing ??= number
        this.#sent.delete(number)
        continue
      }
      if (missing !== undefined)
        throw corrupt(
          where,
          `the broker has stored this writer’s entry ${number} at ${placeText(entry.place)}, and not its entry ${missing}, which was sent before. If that one were stored now, readers would drop it.`,
        )
      this.#stored.set(sequence, { number, place: entry.place })
    }
    if (missing !== undefined) this.#next = missing
  }
}
