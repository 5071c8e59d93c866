import { CallFailure, deferred, endsWithin } from '@wal/walimpls/helper'
import type { EntryPlace, EntryProducer, PreparedEntry, ProducerOptions } from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'
import { WRITER_NAME } from '../records/writer-name.js'
import type { AddonMessageId, AddonProducer, ProducerConfig } from './addon.js'
import { addonError } from './addon-error.js'
import { answered, NativeClient, type NativeParts } from './native-client.js'
import { type NativeEntry, placeOf } from './native-messages.js'
import { watchConnection } from './watch.js'

/** A batch is sent by its flush alone, so the client's own limits and timer must not divide it. */
const NO_DELAY_MS = 3_600_000
const NO_LIMIT = 2_000_000_000

/** Between the numbers of two writers that begin a millisecond apart. */
const NUMBERS_EACH_MS = 1_024

/**
 * Registers a producer with a client of its own.
 *
 * The fence is taken in two steps: an `ExclusiveWithFencing` producer ends all others and closes, and the one that stays is
 * `Exclusive`. The client registers a producer again by itself after a lost connection, with the mode of the first time. With
 * fencing that would cut off a successor; `Exclusive` is refused while another producer has the topic, or had it since.
 */
export async function registerProducer(
  parts: NativeParts,
  topic: string,
  options: ProducerOptions,
): Promise<NativeProducer> {
  const { access } = options
  if (typeof access === 'object')
    throw new PulsarError(
      'ProducerFenced',
      `the native client can't register a producer of ${topic} with a topic epoch, so a lost producer can't come back`,
    )
  const client = await NativeClient.open(parts)
  const config = (accessMode: ProducerConfig['accessMode']): ProducerConfig => ({
    topic,
    producerName: WRITER_NAME,
    accessMode,
    sendTimeoutMs: parts.options.requestTimeoutMs,
    maxPendingMessages: NO_LIMIT,
    batchingEnabled: true,
    batchingMaxPublishDelayMs: NO_DELAY_MS,
    batchingMaxMessages: NO_LIMIT,
    batchingMaxAllowedSizeInBytes: NO_LIMIT,
  })
  try {
    if (access === 'fencing') {
      const fence = await client.producer(config('ExclusiveWithFencing'))
      await answered(parts, () => fence.close())
    }
    const producer = await client.producer(config('Exclusive'))
    return new NativeProducer(parts, { client, producer, options, topic })
  } catch (error) {
    // Not awaited: the caller tries again, and a client that hangs takes its time to close.
    void client.close()
    throw error
  }
}

interface Registered {
  readonly client: NativeClient
  readonly producer: AddonProducer
  readonly options: ProducerOptions
  readonly topic: string
}

/**
 * A producer of the native client. Once its connection was seen to be lost, or a send failed or got no answer in time, nothing
 * is acknowledged any more and nothing more is sent: the client may have registered again, and have sent again what was in
 * flight.
 */
export class NativeProducer implements EntryProducer {
  readonly epoch = undefined
  readonly lastSequence: number
  readonly #parts: NativeParts
  readonly #registered: Registered
  readonly #inFlight = new Set<(error: unknown) => void>()
  readonly #stopWatching: () => void
  #ended: unknown
  #closing: Promise<void> | undefined
  readonly #gone = deferred()

  constructor(parts: NativeParts, registered: Registered) {
    this.#parts = parts
    this.#registered = registered
    // The client does not tell the broker's last number. Numbers from the clock rise from writer to writer, so a broker that
    // drops copies does not take entries of this writer for copies of an earlier one's.
    this.lastSequence = parts.runtime.now() * NUMBERS_EACH_MS - 1
    this.#stopWatching = watchConnection(parts.runtime, registered.producer, () => this.#lost())
  }

  /** Resolves when the producer is closed, whatever closed it. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  send(entry: PreparedEntry, sequence: number): Promise<EntryPlace | undefined> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const { runtime, options } = this.#parts
    const { promise, resolve, reject } = deferred<EntryPlace | undefined>()
    const settle = () => {
      this.#inFlight.delete(fail)
      timer.clear()
    }
    const fail = (error: unknown) => {
      settle()
      reject(error)
    }
    const timer = runtime.setTimeout(
      () => this.#end(new CallFailure(`no answer within ${options.requestTimeoutMs} ms`)),
      options.requestTimeoutMs,
    )
    this.#inFlight.add(fail)
    this.#give(entry as NativeEntry, sequence).then(
      (ids) => {
        if (!this.#inFlight.has(fail)) return
        if (!this.#registered.producer.isConnected()) return this.#lost()
        try {
          resolve(placeOfBatch(ids))
          settle()
        } catch (error) {
          this.#end(error)
        }
      },
      (error) => {
        if (this.#inFlight.has(fail)) this.#end(addonError(error))
      },
    )
    return promise
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Gives the messages to the client and has it send them as one entry. All of it happens in one turn of the event loop. */
  async #give({ messages }: NativeEntry, sequence: number): Promise<readonly AddonMessageId[]> {
    const { producer } = this.#registered
    const sent = messages.map((message) => producer.send({ ...message, sequenceId: sequence }))
    const flushed = producer.flush()
    const [ids] = await Promise.all([Promise.all(sent), flushed])
    return ids
  }

  #lost(): void {
    const { topic } = this.#registered
    this.#end(new CallFailure(`the producer of ${topic} lost its connection`))
  }

  #end(error: unknown): void {
    if (this.#ended !== undefined) return
    this.#fail(error)
    void this.close()
    this.#registered.options.ended(error)
  }

  #fail(error: unknown): void {
    this.#ended ??= error
    this.#stopWatching()
    for (const fail of [...this.#inFlight]) fail(error)
  }

  async #close(): Promise<void> {
    const { client, producer } = this.#registered
    this.#fail(new CallFailure('the producer was closed'))
    const closed = producer.close().catch(() => {})
    await endsWithin(this.#parts.runtime, this.#parts.options.requestTimeoutMs, closed)
    await client.close()
    this.#gone.resolve()
  }
}

/** The entry in which a batch lies; undefined when the broker took it for a copy. Throws when it lies in more than one. */
function placeOfBatch(ids: readonly AddonMessageId[]): EntryPlace | undefined {
  const places = ids.map(placeOf)
  const [first] = places
  if (first === undefined) return undefined
  const { ledger, entry } = first
  for (const [index, place] of places.entries())
    if (place === undefined || place.ledger !== ledger || place.entry !== entry || place.index !== index)
      throw new CallFailure('the native client stored a batch in more than one entry')
  return { ledger, entry }
}
