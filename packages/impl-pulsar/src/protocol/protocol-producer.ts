import type { Runtime } from '@wal/walimpls'
import { CallFailure, crc32cOf, type Deferred, deferred } from '@wal/walimpls/helper'
import type {
  Access,
  EntryPlace,
  EntryProducer,
  PreparedEntry,
  ProducerOptions,
} from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'
import { type EncodedMessages, headersAndPayload } from '../records/entry-encoder.js'
import type { Answer, Received } from '../wire/commands.js'
import { sendFrame } from '../wire/frames.js'
import { serverErrorName } from '../wire/server-errors.js'
import type { Connection } from './connection.js'
import type { Lookup } from './lookup.js'
import type { Operations } from './operations.js'
import { ReceiptTimer } from './receipt-timer.js'

/**
 * The name by which the broker knows every writer of a topic. Its table of producers never has two of one name, so that two
 * writers that fence at the same time are not both let in.
 */
const REGISTERED_NAME = 'wal-writer'

export interface ProducerParts {
  readonly runtime: Runtime
  readonly operations: Operations
  readonly lookup: Lookup
  readonly topic: string
}

/** A producer on one connection. It ends with the connection. */
export class ProtocolProducer implements EntryProducer {
  readonly #parts: ProducerParts
  readonly #options: ProducerOptions
  readonly #connection: Connection
  readonly #number: number
  /** The sends that have no receipt yet, by their sequence ids, in the order in which they were sent. */
  readonly #sends = new Map<number, Deferred<EntryPlace | undefined>>()
  readonly #timer: ReceiptTimer
  #registered: Answer<'producerSuccess'> | undefined
  #ended: { readonly why: unknown } | undefined

  private constructor(parts: ProducerParts, options: ProducerOptions, connection: Connection) {
    this.#parts = parts
    this.#options = options
    this.#connection = connection
    this.#number = connection.addProducer({
      receive: (received) => this.#receive(received),
      lost: (error) => this.#end(error),
    })
    const { timeoutMs } = parts.operations
    this.#timer = new ReceiptTimer(parts.runtime, timeoutMs, () => {
      void connection.end(new CallFailure(`no receipt for a sent entry within ${timeoutMs} ms`))
    })
  }

  /** Registers a producer. Rejects when the broker refuses. */
  static open(parts: ProducerParts, options: ProducerOptions): Promise<ProtocolProducer> {
    const { operations, lookup, topic } = parts
    return operations.run(undefined, (signal) =>
      lookup.withBroker({ topic, lane: 'producers' }, signal, async (connection) => {
        const producer = new ProtocolProducer(parts, options, connection)
        await producer.#register(signal)
        return producer
      }),
    )
  }

  get epoch(): number | undefined {
    return this.#registered?.topicEpoch
  }

  get lastSequence(): number {
    return this.#registered?.lastSequence ?? -1
  }

  send(entry: PreparedEntry, sequence: number): Promise<EntryPlace | undefined> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended.why)
    const encoded = entry as EncodedMessages
    const pieces = headersAndPayload(encoded, { sequence, publishTime: this.#parts.runtime.now() })
    const sent = deferred<EntryPlace | undefined>()
    this.#sends.set(sequence, sent)
    this.#timer.sent()
    const producerId = this.#number
    const frame = { pieces, checkSum: crc32cOf(pieces) }
    this.#connection.write(sendFrame({ producerId, sequence, count: encoded.count }, frame))
    return sent.promise
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return
    this.#finish(new CallFailure('the producer was closed'))
    const { operations } = this.#parts
    try {
      await operations.run(undefined, (signal) =>
        this.#connection.ask('closeProducer', { producerId: this.#number }, signal),
      )
    } catch (error) {
      // The end of the connection is the end of the producer as well.
      if (!this.#connection.ended) throw error
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    const producerId = this.#number
    try {
      this.#registered = await this.#connection.ask(
        'producer',
        {
          topic: this.#parts.topic,
          ...{ producerId, name: REGISTERED_NAME, nameIsOurs: true },
          ...accessFields(this.#options.access),
        },
        signal,
      )
    } catch (error) {
      this.#finish(error)
      // Nobody waits for the answer any more. When the broker lets the producer in later, it must not stay.
      if (!(error instanceof PulsarError)) this.#leave()
      throw error
    }
    const ended = this.#ended as { readonly why: unknown } | undefined
    if (ended !== undefined) throw ended.why
    // The time is over since the answer came, and the caller has gone.
    if (!signal.aborted) return
    this.#finish(signal.reason)
    this.#leave()
  }

  /** Tells the broker that the producer has gone, without waiting for the answer. */
  #leave(): void {
    this.#connection.sendUnanswered('closeProducer', { producerId: this.#number })
  }

  #receive(received: Received): void {
    const { name, value } = received
    if (name === 'producerClosed') {
      this.#parts.lookup.assign(this.#parts.topic, value)
      this.#end(new CallFailure('the broker closed the producer'))
    }
    if (name !== 'sendReceipt' && name !== 'sendError') return
    const sent = this.#sends.get(value.sequence)
    if (sent === undefined) return
    this.#sends.delete(value.sequence)
    this.#timer.answered()
    if (name === 'sendError') sent.reject(new PulsarError(serverErrorName(value.error), value.message))
    else sent.resolve(placeOf(value))
  }

  #end(why: unknown): void {
    if (this.#ended !== undefined) return
    const wasOpen = this.#registered !== undefined
    this.#finish(why)
    if (wasOpen) this.#options.ended(why)
  }

  #finish(why: unknown): void {
    this.#ended ??= { why }
    this.#timer.stop()
    this.#connection.removeProducer(this.#number)
    const sends = [...this.#sends.values()]
    this.#sends.clear()
    for (const sent of sends) sent.reject(why)
  }
}

function accessFields(access: Access): { access: number; topicEpoch?: number } {
  if (access === 'fencing') return { access: 3 }
  if (access === 'free') return { access: 1 }
  return { access: 1, topicEpoch: access.epoch }
}

/** The broker names no place when it took the entry for a copy. */
function placeOf({ place }: Answer<'sendReceipt'>): EntryPlace | undefined {
  if (place === undefined || place.ledger < 0 || place.entry < 0) return undefined
  return { ledger: place.ledger, entry: place.entry }
}
