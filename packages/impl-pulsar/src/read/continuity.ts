import type { StoredMessage } from '@wal/walimpls'
import { comparePlaces } from '../driver/place.js'
import type { EntryPlace, LastEntry, ReceivedEntry } from '../driver/pulsar-driver.js'
import type { PulsarId } from '../records/message-id.js'

/** Why an entry is not the next one: it is not the one that the reader begins with, or others before it are missing. */
export type Fault = 'not the start' | 'passed over'

type Step = Pick<ReceivedEntry, 'place' | 'producer' | 'sequence' | 'part'>

/**
 * Checks that no entry is missing between two that a reader gets one after the other. A broker that has removed a ledger goes on
 * behind it in silence, and the ids of ledgers are not consecutive. But a writer numbers its entries one by one: between two
 * entries of one writer none is missing when their numbers follow. Whether one is missing between the entries of two writers,
 * core finds out from what the records name.
 */
export class Continuity {
  /** The record that has to come first; undefined when it has come, or when any may come first. */
  #wanted: PulsarId | undefined
  #last: Step | undefined

  constructor(wanted?: PulsarId) {
    this.#wanted = wanted
  }

  get wanted(): PulsarId | undefined {
    return this.#wanted
  }

  /** The last entry that was taken. */
  get last(): EntryPlace | undefined {
    return this.#last?.place
  }

  /** Whether this entry, or a part of it, was not taken. */
  lacks(end: LastEntry): boolean {
    const last = this.#last
    if (this.#wanted !== undefined || last === undefined) return true
    const order = comparePlaces(end, last.place)
    if (order !== 0 || last.part === undefined) return order > 0
    return end.index !== undefined && last.part < end.index
  }

  /** Entries up to this one count as taken. */
  startBehind(place: EntryPlace | undefined): void {
    this.#last = place && { place, producer: undefined, sequence: undefined }
  }

  /** Takes the next entry, unless there is something wrong with it. */
  take(entry: Step): Fault | undefined {
    if (this.#wanted !== undefined) {
      if (comparePlaces(entry.place, this.#wanted) !== 0) return 'not the start'
    } else if (this.#last !== undefined && hasPassedOver(this.#last, entry)) return 'passed over'
    const { place, producer, sequence, part } = entry
    this.#last = { place, producer, sequence, ...(part !== undefined && { part }) }
    return undefined
  }

  /** The records of the entry that was taken last, without those before the wanted one. Undefined when that is not among them. */
  since(records: readonly StoredMessage<PulsarId>[]): readonly StoredMessage<PulsarId>[] | undefined {
    const wanted = this.#wanted?.index
    if (wanted === undefined) return records
    const first = records.findIndex(({ id }) => id.index >= wanted)
    if (first < 0) return undefined
    this.#wanted = undefined
    return first === 0 ? records : records.slice(first)
  }
}

/**
 * Numbers that do not rise are no gap: a writer that got no answer may have stored an entry twice. Nor is a gap between the entry
 * numbers of a ledger by itself: brokers store marks of their own there.
 */
function hasPassedOver(before: Step, entry: Step): boolean {
  const { ledger, entry: number } = before.place
  if (entry.place.ledger === ledger && entry.place.entry <= number + 1) return false
  if (before.sequence === undefined || entry.sequence === undefined) return false
  return before.producer === entry.producer && entry.sequence > before.sequence + 1
}
