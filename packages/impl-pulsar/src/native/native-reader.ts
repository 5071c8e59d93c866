import type { Waits } from '@wal/walimpls'
import { CallFailure, deferred, endsWithin } from '@wal/walimpls/helper'
import { comparePlaces } from '../driver/place.js'
import type {
  EntryReader,
  LastEntry,
  PulsarDriver,
  ReaderOptions,
  ReceivedEntry,
} from '../driver/pulsar-driver.js'
import type { AddonMessage, AddonReader } from './addon.js'
import { firstEntry } from './first-entry.js'
import { NativeClient, type NativeParts } from './native-client.js'
import { placeOf, storedMessage } from './native-messages.js'
import { type NativeStart, startIdOf } from './native-start.js'
import { watchConnection } from './watch.js'

/**
 * How many messages the client asks for ahead. An entry comes whole, so this is also how many entries it may hold; they may be as
 * large as the broker takes.
 */
const QUEUE = 1

/** How often a reader is opened again because the client passed over the first message. */
const OPENINGS = 5

interface Opened {
  readonly client: NativeClient
  readonly reader: AddonReader
  readonly stopWatching: () => void
}

export interface NativeReaderParts extends NativeParts {
  readonly protocol: Pick<PulsarDriver, 'reader'>
  readonly topic: string
}

type Received = NonNullable<ReturnType<typeof placeOf>>

/**
 * Reads a topic by a native reader, with a client of its own: a listener that waits stops every reader of its client. The listener waits
 * while no message is permitted.
 *
 * The client passes over messages that come before its reader is handed to the caller, in silence. So the first message is compared
 * with the first entry that there is, and the reader is opened again when they differ.
 */
export class NativeReader implements EntryReader {
  readonly #parts: NativeReaderParts
  readonly #options: ReaderOptions
  /** A reader of the other driver that reads nothing. It finds out whether the topic exists, and what its last entry is. */
  readonly #side: EntryReader
  #start: NativeStart = 'earliest'
  #opened: Opened | undefined
  #openings = 0
  /** Rises when a native reader is opened or left. Messages of an earlier one are dropped. */
  #generation = 0
  #permits = 0
  /** Lets the listener go on that waits. */
  #goOn: (() => void) | undefined
  /** Whether the first message was the one to begin with. */
  #begun = false
  #ended = false
  #closing: Promise<void> | undefined
  readonly #gone = deferred()

  private constructor(parts: NativeReaderParts, options: ReaderOptions, side: EntryReader) {
    this.#parts = parts
    this.#options = options
    this.#side = side
  }

  static async open(parts: NativeReaderParts, options: ReaderOptions): Promise<NativeReader> {
    // First of all, since the native client would make the topic.
    let lost: { readonly error: unknown } | undefined
    let opened: NativeReader | undefined
    const side = await parts.protocol.reader(parts.topic, {
      start: 'latest',
      entry() {},
      ended: (error) => {
        lost = { error }
        if (opened !== undefined) opened.#end(error)
      },
    })
    const reader = new NativeReader(parts, options, side)
    try {
      reader.#start = await startOf(options.start, side)
      await reader.#open()
      const ended = lost as { readonly error: unknown } | undefined
      if (ended !== undefined) throw ended.error
      opened = reader
      return reader
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  /** Resolves when the reader is closed, whatever closed it. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  permit(messages: number): void {
    this.#permits += messages
    if (this.#permits > 0) this.#release()
  }

  last(waits?: Waits): Promise<LastEntry | undefined> {
    return this.#side.last(waits)
  }

  close(): Promise<void> {
    this.#ended = true
    // What the other reader has on the broker ends with its connection at the latest.
    this.#closing ??= Promise.all([this.#leave(), this.#side.close().catch(() => {})]).then(() =>
      this.#gone.resolve(),
    )
    return this.#closing
  }

  async #open(): Promise<void> {
    const { addon, runtime, topic } = this.#parts
    const generation = ++this.#generation
    this.#openings++
    const client = await NativeClient.open(this.#parts)
    try {
      const reader = await client.reader({
        topic,
        startMessageId: startIdOf(addon, this.#start),
        receiverQueueSize: QUEUE,
        subscriptionRolePrefix: 'wal',
        listener: (message) => (generation === this.#generation ? this.#receive(message) : undefined),
      })
      const stopWatching = watchConnection(runtime, reader, () =>
        this.#end(new CallFailure(`the reader of ${topic} lost its connection`)),
      )
      this.#opened = { client, reader, stopWatching }
    } catch (error) {
      void client.close()
      throw error
    }
    // Closed while the reader was being opened.
    if (this.#ended) await this.#leave()
  }

  /** Closes the native reader. Lets a listener that waits go on first: its thread would keep the client from closing. */
  async #leave(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    this.#generation++
    this.#release()
    if (opened === undefined) return
    opened.stopWatching()
    const { runtime, options } = this.#parts
    await endsWithin(
      runtime,
      options.requestTimeoutMs,
      opened.reader.close().catch(() => {}),
    )
    await opened.client.close()
  }

  /**
   * A promise makes the listener wait; undefined lets the next message come. Never throws or rejects: the one would end the
   * process, and after the other the listener would wait forever.
   */
  #receive(message: AddonMessage): Promise<void> | undefined {
    try {
      const at = placeOf(message.getMessageId())
      if (at === undefined)
        throw new CallFailure(`the native client gave a message of ${this.#parts.topic} without an id`)
      if (this.#begun && this.#permits > 0) {
        this.#handOut(message, at)
        return undefined
      }
      return this.#handOutLater(message, at).catch((error) => this.#end(error))
    } catch (error) {
      this.#end(error)
      return undefined
    }
  }

  async #handOutLater(message: AddonMessage, at: Received): Promise<void> {
    const generation = this.#generation
    const first = this.#begun || (await this.#isFirst(at))
    if (generation !== this.#generation) return
    if (!first) {
      void this.#openAgain()
      return
    }
    this.#begun = true
    while (this.#permits <= 0) {
      const { promise, resolve } = deferred()
      this.#goOn = resolve
      await promise
      if (generation !== this.#generation) return
    }
    this.#handOut(message, at)
  }

  async #isFirst(at: Received): Promise<boolean> {
    if (at.index > 0) return false
    const start = this.#start
    if (typeof start === 'object' && 'at' in start && comparePlaces(start.at, at) === 0) return true
    return comparePlaces(await firstEntry(this.#parts, start), at) === 0
  }

  async #openAgain(): Promise<void> {
    try {
      await this.#leave()
      if (this.#ended) return
      if (this.#openings === OPENINGS)
        throw new CallFailure(
          `the native client passed over the first message of ${this.#parts.topic} ${OPENINGS} times`,
        )
      await this.#open()
    } catch (error) {
      this.#end(error)
    }
  }

  #handOut(message: AddonMessage, at: Received): void {
    this.#permits--
    this.#options.entry(receivedEntry(message, at))
  }

  #release(): void {
    this.#goOn?.()
    this.#goOn = undefined
  }

  #end(error: unknown): void {
    if (this.#ended) return
    void this.close().catch(() => {})
    this.#options.ended(error)
  }
}

/** A message as a part of its entry. */
function receivedEntry(message: AddonMessage, { ledger, entry, index }: Received): ReceivedEntry {
  const payload = message.getData()
  return {
    place: { ledger, entry },
    count: 1,
    bytes: payload.length,
    producer: undefined,
    sequence: undefined,
    part: index,
    records: () => [storedMessage(message, { backend: 'pulsar', ledger, entry, index }, payload)],
  }
}

async function startOf(start: ReaderOptions['start'], side: EntryReader): Promise<NativeStart> {
  if (start === 'earliest') return start
  if (start !== 'latest') return { at: start }
  // From now on, and not from when the native reader is there: its first message is then known.
  const last = await side.last()
  return last === undefined ? 'earliest' : { behind: last }
}
