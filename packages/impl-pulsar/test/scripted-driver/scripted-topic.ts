import type { StoredMessage, WireMessage } from '@wal/walimpls'
import type { EntryPlace, ReceivedEntry } from '../../src/driver/pulsar-driver.js'
import type { PulsarId } from '../../src/records/message-id.js'

/** What a test, or a producer, puts into a topic. */
export interface NewEntry {
  readonly producer?: string | undefined
  readonly sequence?: number | undefined
  readonly messages: readonly WireMessage[]
  /** The size of the encoded entry. Default: the bytes of the payloads. */
  readonly bytes?: number
  /** What decoding the entry throws. */
  readonly damage?: unknown
}

export interface StoredEntry extends NewEntry {
  readonly place: EntryPlace
}

/** What follows a topic: a reader that is sent what is stored. */
export interface Follower {
  stored(): void
}

/** By how much the ledger ids of one topic rise: other topics take those in between. */
const LEDGER_STEP = 3

/** A topic in memory: its entries in ledgers, and the accidents that may happen to them. */
export class ScriptedTopic {
  entries: StoredEntry[] = []
  readonly followers = new Set<Follower>()
  #ledger: number
  #entry = 0

  constructor(firstLedger = 10) {
    this.#ledger = firstLedger
  }

  store(entry: NewEntry): EntryPlace {
    const place = { ledger: this.#ledger, entry: this.#entry++ }
    this.entries.push({ ...entry, place })
    for (const follower of this.followers) follower.stored()
    return place
  }

  /** Closes the ledger and begins another, as an unload does. */
  roll(): void {
    this.#ledger += LEDGER_STEP
    this.#entry = 0
  }

  /** Takes up a number of the ledger for an entry that readers are never given, as the broker's own markers do. */
  marker(): void {
    this.#entry++
  }

  /** The place that the next entry gets. */
  get next(): EntryPlace {
    return { ledger: this.#ledger, entry: this.#entry }
  }

  /** The last entry that is kept. */
  get last(): EntryPlace | undefined {
    return this.entries.at(-1)?.place
  }

  /** Removes every ledger below this one. */
  trim(ledger: number): void {
    this.entries = this.entries.filter(({ place }) => place.ledger >= ledger)
  }

  /** Removes entries anywhere: `remove(1, 2)` the second and the third of those that are kept. */
  remove(from: number, count: number): void {
    this.entries.splice(from, count)
  }

  /** Puts the topic back to an older state, as a restored backup does. The next entry goes to another ledger. */
  putBack(entries: readonly StoredEntry[]): void {
    this.entries = [...entries]
    this.roll()
  }

  /** The first entry at or behind a place. */
  from(place: EntryPlace): StoredEntry | undefined {
    return this.entries.find((entry) => !isBefore(entry.place, place))
  }
}

export function isBefore(a: EntryPlace, b: EntryPlace): boolean {
  return a.ledger < b.ledger || (a.ledger === b.ledger && a.entry < b.entry)
}

export function receivedEntry({ place, producer, sequence, ...stored }: StoredEntry): ReceivedEntry {
  const { messages } = stored
  return {
    place,
    producer,
    sequence,
    count: messages.length,
    bytes: stored.bytes ?? messages.reduce((bytes, { payload }) => bytes + payload.length, 0),
    records() {
      if (stored.damage !== undefined) throw stored.damage
      return messages.map(
        ({ payload, properties }, index): StoredMessage<PulsarId> => ({
          id: { backend: 'pulsar', ...place, index },
          payload,
          properties,
        }),
      )
    },
  }
}
