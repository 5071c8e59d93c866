import type { Waits } from '@wal/walimpls'
import { abortable, CallFailure } from '@wal/walimpls/helper'
import { comparePlaces } from '../driver/place.js'
import type { Cursor, EntryPlace } from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'
import { serverErrorName } from '../wire/server-errors.js'
import type { Connection } from './connection.js'
import type { Lookup } from './lookup.js'
import type { Operations } from './operations.js'

export interface CursorParts {
  readonly operations: Operations
  readonly lookup: Lookup
  readonly topic: string
  readonly subscription: string
}

/** A consumer of the durable subscription on a connection. */
interface Consumer {
  readonly connection: Connection
  readonly number: number
  gone: boolean
}

/** The subscription type with which several openers can hold the subscription at once, and acknowledge cumulatively. */
const FAILOVER = 2
const CUMULATIVE = 1
const EARLIEST = 1

/**
 * The durable subscription. Its consumer gets no permits, so the broker sends it nothing. After a lost connection it subscribes
 * again when it is used next.
 */
export class ProtocolCursor implements Cursor {
  readonly #parts: CursorParts
  #consumer: Consumer | undefined
  #subscribing: Promise<Consumer> | undefined
  #advanced: EntryPlace | undefined
  #closed = false
  readonly found: boolean | undefined

  private constructor(parts: CursorParts, consumer: Consumer, found: boolean | undefined) {
    this.#parts = parts
    this.#consumer = consumer
    this.found = found
  }

  /** Subscribes, within an operation that is under way. `existed`: whether the topic was there before. */
  static async open(
    parts: CursorParts,
    { make, existed }: { readonly make: boolean; readonly existed: boolean },
    signal: AbortSignal,
  ): Promise<ProtocolCursor> {
    const consumer = await subscribe(parts, make, signal)
    let place: EntryPlace | undefined
    try {
      place = await markDeleted(consumer, signal)
    } catch (error) {
      leave(consumer)
      throw error
    }
    // The protocol does not tell whether a subscription is new. A new one has nothing acknowledged.
    const found = existed ? (place !== undefined && place.entry >= 0 ? true : undefined) : false
    return new ProtocolCursor(parts, consumer, found)
  }

  acknowledged(waits?: Waits): Promise<EntryPlace | undefined> {
    return this.#parts.operations.run(waits, async (signal) => markDeleted(await this.#use(signal), signal))
  }

  async advance(place: EntryPlace, waits?: Waits): Promise<void> {
    const last = this.#advanced
    if (last !== undefined && comparePlaces(last, place) >= 0) return
    await this.#parts.operations.run(waits, async (signal) =>
      acknowledge(await this.#use(signal), place, signal),
    )
    if (this.#advanced === undefined || comparePlaces(this.#advanced, place) < 0) this.#advanced = place
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const consumer = this.#consumer
    if (consumer === undefined || consumer.gone) return
    consumer.connection.removeConsumer(consumer.number)
    try {
      await this.#parts.operations.run(undefined, (signal) =>
        consumer.connection.ask('closeConsumer', { consumerId: consumer.number }, signal),
      )
    } catch (error) {
      if (!consumer.connection.ended && !(error instanceof PulsarError)) throw error
    }
  }

  async #use(signal: AbortSignal): Promise<Consumer> {
    if (this.#closed) throw new CallFailure('the cursor was closed')
    if (this.#consumer !== undefined && !this.#consumer.gone) return this.#consumer
    this.#subscribing ??= this.#subscribeAgain().finally(() => {
      this.#subscribing = undefined
    })
    return await abortable(this.#subscribing, signal)
  }

  /** An operation of its own: the caller that began it may give up before the others do. */
  async #subscribeAgain(): Promise<Consumer> {
    const { operations } = this.#parts
    const consumer = await operations.run(undefined, (signal) => subscribe(this.#parts, false, signal))
    this.#consumer = consumer
    if (this.#closed) leave(consumer)
    return consumer
  }
}

function leave({ connection, number }: Consumer): void {
  connection.removeConsumer(number)
  connection.sendUnanswered('closeConsumer', { consumerId: number })
}

function subscribe(
  { lookup, topic, subscription }: CursorParts,
  make: boolean,
  signal: AbortSignal,
): Promise<Consumer> {
  return lookup.withBroker({ topic, lane: 'rest' }, signal, async (connection) => {
    const number = connection.addConsumer({
      receive({ name, value }) {
        if (name !== 'consumerClosed') return
        lookup.assign(topic, value)
        connection.removeConsumer(number)
        consumer.gone = true
      },
      lost() {
        consumer.gone = true
      },
    })
    const consumer: Consumer = { connection, number, gone: false }
    try {
      await connection.ask(
        'subscribe',
        {
          ...{ topic, subscription, kind: FAILOVER, consumerId: number, durable: true },
          ...{ readCompacted: false, initialPosition: EARLIEST, makeTopic: make },
        },
        signal,
      )
      return consumer
    } catch (error) {
      if (error instanceof PulsarError) connection.removeConsumer(number)
      else leave(consumer)
      throw error
    }
  })
}

async function markDeleted(
  { connection, number }: Consumer,
  signal: AbortSignal,
): Promise<EntryPlace | undefined> {
  const { markDeleted } = await connection.ask('lastMessageId', { consumerId: number }, signal)
  if (markDeleted === undefined || markDeleted.ledger < 0) return undefined
  return { ledger: markDeleted.ledger, entry: markDeleted.entry }
}

async function acknowledge(consumer: Consumer, place: EntryPlace, signal: AbortSignal): Promise<void> {
  const { connection, number } = consumer
  const request = {
    consumerId: number,
    kind: CUMULATIVE,
    places: [{ ledger: place.ledger, entry: place.entry }],
  }
  if (connection.answersAcks) {
    const { error, message } = await connection.ask('ack', request, signal)
    if (error !== undefined) throw new PulsarError(serverErrorName(error), message ?? 'the request failed')
  } else {
    connection.sendUnanswered('ack', request)
    // The broker handles the commands of a connection in order: this answer comes when the acknowledgement was handled.
    await markDeleted(consumer, signal)
  }
}
