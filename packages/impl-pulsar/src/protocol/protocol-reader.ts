import { corrupt, type Runtime, type Waits } from '@wal/walimpls'
import { CallFailure, crc32c } from '@wal/walimpls/helper'
import { placeText } from '../driver/place.js'
import type {
  EntryPlace,
  EntryReader,
  LastEntry,
  ReaderOptions,
  ReceivedEntry,
} from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'
import { EntryDecoder } from '../records/entry-decoder.js'
import type { Answer, Received, Request } from '../wire/commands.js'
import { readEntry } from '../wire/frames.js'
import type { Connection } from './connection.js'
import type { DamagedPlaces } from './damaged-places.js'
import type { Lookup } from './lookup.js'
import type { Operations } from './operations.js'

export interface ReaderParts {
  readonly runtime: Pick<Runtime, 'random'>
  readonly operations: Operations
  readonly lookup: Lookup
  readonly damaged: DamagedPlaces
  readonly topic: string
}

/** A non-durable consumer on one connection. It ends with the connection. */
export class ProtocolReader implements EntryReader {
  readonly #parts: ReaderParts
  readonly #options: ReaderOptions
  readonly #connection: Connection
  readonly #number: number
  readonly #decoder: EntryDecoder
  #open = false
  #ended: { readonly why: unknown } | undefined

  private constructor(parts: ReaderParts, options: ReaderOptions, connection: Connection) {
    this.#parts = parts
    this.#options = options
    this.#connection = connection
    this.#decoder = new EntryDecoder(parts.topic)
    this.#number = connection.addConsumer({
      receive: (received, behind) => this.#receive(received, behind),
      lost: (error) => this.#end(error),
    })
  }

  /** Subscribes the reader. Rejects with the `PulsarError` TopicNotFound when there is no such topic. */
  static open(parts: ReaderParts, options: ReaderOptions): Promise<ProtocolReader> {
    const { operations, lookup, topic } = parts
    return operations.run(undefined, (signal) =>
      lookup.withBroker({ topic, lane: 'readers' }, signal, async (connection) => {
        const reader = new ProtocolReader(parts, options, connection)
        await reader.#subscribe(signal)
        return reader
      }),
    )
  }

  permit(messages: number): void {
    if (this.#ended === undefined && messages > 0)
      this.#connection.send('flow', { consumerId: this.#number, permits: messages })
  }

  async last(waits?: Waits): Promise<LastEntry | undefined> {
    if (this.#ended !== undefined) throw this.#ended.why
    const consumerId = this.#number
    const { last } = await this.#parts.operations.run(waits, (signal) =>
      this.#connection.ask('lastMessageId', { consumerId }, signal),
    )
    const place = placeIn(last)
    const { batchIndex: index = -1 } = last
    return place === undefined || index < 0 ? place : { ...place, index }
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#finish(new CallFailure('the reader was closed'))
    try {
      await this.#parts.operations.run(undefined, (signal) =>
        this.#connection.ask('closeConsumer', { consumerId: this.#number }, signal),
      )
    } catch (error) {
      // The broker forgets a reader with its connection, and one that it does not know.
      if (!this.#connection.ended && !(error instanceof PulsarError)) throw error
    }
  }

  async #subscribe(signal: AbortSignal): Promise<void> {
    const { topic, runtime } = this.#parts
    try {
      await this.#connection.ask(
        'subscribe',
        {
          topic,
          subscription: this.#options.subscription ?? `wal-reader-${randomName(runtime)}`,
          ...{ kind: 0, consumerId: this.#number, durable: false, start: startOf(this.#options.start) },
          ...{ readCompacted: false, initialPosition: 0, makeTopic: false },
        },
        signal,
      )
    } catch (error) {
      this.#finish(error)
      if (!(error instanceof PulsarError)) this.#leave()
      throw error
    }
    const ended = this.#ended as { readonly why: unknown } | undefined
    if (ended !== undefined) throw ended.why
    if (signal.aborted) {
      // The time was over just after the answer had come.
      this.#finish(signal.reason)
      this.#leave()
      throw signal.reason
    }
    this.#open = true
  }

  #leave(): void {
    this.#connection.sendUnanswered('closeConsumer', { consumerId: this.#number })
  }

  #receive(received: Received, behind: Buffer): void {
    const { name, value } = received
    if (name === 'consumerClosed') {
      this.#parts.lookup.assign(this.#parts.topic, value)
      this.#end(new CallFailure('the broker closed the reader'))
    }
    if (name !== 'message') return
    try {
      this.#options.entry(this.#entry(value, behind))
    } catch (error) {
      this.#leave()
      this.#end(error)
    }
  }

  #entry({ place: { ledger, entry } }: Answer<'message'>, behind: Buffer): ReceivedEntry {
    const { topic, damaged } = this.#parts
    const place = { ledger, entry }
    const { headersAndPayload, checkSum } = readEntry(behind)
    if (checkSum === undefined || crc32c(headersAndPayload) === checkSum)
      return this.#decoder.decode(headersAndPayload, place)
    // Damage on the way is gone when the entry is read again; damage in the storage is not.
    if (!damaged.again(topic, place))
      throw new CallFailure(
        `entry ${placeText(place)} was damaged in the storage or on the way: its check sum is wrong`,
      )
    const records = () => {
      throw corrupt(`topic "${topic}", entry ${placeText(place)}`, 'the check sum is wrong')
    }
    return { place, count: 1, bytes: behind.length, producer: undefined, sequence: undefined, records }
  }

  #end(why: unknown): void {
    if (this.#ended !== undefined) return
    const wasOpen = this.#open
    this.#finish(why)
    if (wasOpen) this.#options.ended(why)
  }

  #finish(why: unknown): void {
    this.#ended ??= { why }
    this.#connection.removeConsumer(this.#number)
  }
}

/** Pulsar’s ids of the positions before the oldest and behind the newest entry. */
const EARLIEST = { ledger: -1, entry: -1 }
const LATEST = { ledger: 2n ** 63n - 1n, entry: 2n ** 63n - 1n }

function startOf(start: ReaderOptions['start']): Request<'subscribe'>['start'] {
  if (start === 'earliest') return EARLIEST
  if (start === 'latest') return LATEST
  // A start with a batch index is inclusive: the broker begins with the whole entry. Without one it begins behind the entry.
  return { ledger: start.ledger, entry: start.entry, batchIndex: 0 }
}

/** The position of an entry; undefined for the position before the first one. */
export function placeIn({ ledger, entry }: EntryPlace): EntryPlace | undefined {
  return ledger < 0 || entry < 0 ? undefined : { ledger, entry }
}

/** The broker lets two consumers of one subscription name disturb each other, so each reader draws its own. */
function randomName({ random }: Pick<Runtime, 'random'>): string {
  const part = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return part() + part()
}
