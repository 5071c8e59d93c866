import { corrupt, PositionTruncatedError, type StoredMessage } from '@wal/walimpls'
import { comparePlaces, placeText } from '../driver/place.js'
import type { EntryPlace, EntryReader, ReceivedEntry } from '../driver/pulsar-driver.js'
import type { PulsarId } from '../records/message-id.js'
import { firstEntry, type ReadTopic } from './first-entry.js'

/** How many times the last entry is looked for when it is removed before it is read. */
const MOST_LOOKS = 4

interface Known {
  readonly place: EntryPlace
  readonly message: StoredMessage<PulsarId>
  readonly over: EntryReader
}

/**
 * Reads a log's last record. One reader without permits stays open to ask for the log's end, so that a writer that looks after its
 * log asks one question each time. When the end is where it was, as the same reader tells it, the record is the one that was read.
 */
export class LastRecord {
  readonly #topic: ReadTopic
  #reader: Promise<EntryReader> | undefined
  #known: Known | undefined
  #closed = false

  constructor(topic: ReadTopic) {
    this.#topic = topic
  }

  /** Undefined for a log without records. Throws `WAL_CORRUPT` when the last entry is damaged. */
  async read(): Promise<StoredMessage<PulsarId> | undefined> {
    const reader = await this.#look()
    const message = await this.#last(reader)
    return (
      message && { ...message, payload: Buffer.from(message.payload), properties: [...message.properties] }
    )
  }

  /** Closes the reader. */
  async close(): Promise<void> {
    this.#closed = true
    const reader = this.#reader
    this.#reader = undefined
    await (await reader?.catch(() => undefined))?.close()
  }

  async #last(reader: EntryReader): Promise<StoredMessage<PulsarId> | undefined> {
    for (let looks = 1; ; looks++) {
      const place = await reader.last()
      if (place === undefined) return undefined
      const known = this.#known
      if (known !== undefined && known.over === reader && comparePlaces(known.place, place) === 0)
        return known.message
      const entry = await firstEntry(this.#topic, place)
      if (entry !== undefined && comparePlaces(entry.place, place) === 0) {
        const message = this.#lastOf(entry)
        this.#known = { place, message, over: reader }
        return message
      }
      // The entry was removed in the meantime, with all before it.
      if (looks === MOST_LOOKS)
        throw new PositionTruncatedError(
          `the topic ${this.#topic.topic}: the last entry ${placeText(place)} is gone: others removed it.`,
        )
    }
  }

  /** The entry’s last record, in memory of its own: an entry may have a mebibyte, and its last record a hundred bytes. */
  #lastOf(entry: ReceivedEntry): StoredMessage<PulsarId> {
    const message = entry.records().at(-1)
    if (message === undefined)
      throw corrupt(
        `the topic ${this.#topic.topic}`,
        `the last entry ${placeText(entry.place)} has no record`,
      )
    return { ...message, payload: Buffer.from(message.payload) }
  }

  /** The reader over which the log’s end is asked for. */
  #look(): Promise<EntryReader> {
    if (this.#reader !== undefined) return this.#reader
    const forget = () => {
      if (this.#reader === reader) this.#reader = undefined
    }
    const reader = this.#topic.driver.reader(this.#topic.topic, {
      start: 'latest',
      whole: true,
      entry: () => {},
      ended: forget,
    })
    reader.then((made) => (this.#closed ? made.close() : undefined)).catch(forget)
    this.#reader = reader
    return reader
  }
}
