import {
  AppendError,
  type AppendOutcome,
  type Batch,
  LogRolledBackError,
  type Runtime,
  WalError,
} from '@wal/walimpls'
import { type AppendBounds, CallFailure, PipelinedAppends, tooLargeIn } from '@wal/walimpls/helper'
import { mapAppendError } from '../driver/error-table.js'
import { comparePlaces, placeText } from '../driver/place.js'
import type { EntryPlace, EntryProducer, PreparedEntry } from '../driver/pulsar-driver.js'
import type { ReadTopic } from '../read/first-entry.js'
import type { PulsarId } from '../records/message-id.js'
import { messageIds } from '../records/message-ids.js'
import { readBack } from './read-back.js'
import { Registration } from './registration.js'
import { SentBatches } from './sent-batches.js'

export interface AppenderParts extends ReadTopic {
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic' | 'random'>
  /** The name under which the writer's entries are stored. */
  readonly name: string
  readonly bounds: AppendBounds
  readonly maxRecordBytes: number
}

/** Where the ids of a stored batch come from. */
interface StoredUnder {
  readonly number: number
  readonly place: EntryPlace
}

/**
 * Sends a writer's batches, each as one entry, several at once. The first one takes the fence.
 *
 * The broker stores an entry also when one before it has failed. So the first failure ends the producer, and before anything is
 * sent again a new one is registered and the log is read from the last acknowledged entry on: what it has is answered, what it
 * lacks is sent. An entry that is stored behind a missing one ends the writer, since a reader would drop the missing one when it
 * came later (G3).
 */
export class Appender {
  readonly #parts: AppenderParts
  readonly #place: string
  readonly #registration: Registration
  readonly #batches = new SentBatches()
  readonly #appends: PipelinedAppends<PulsarId, PreparedEntry>
  /** Under which numbers the batches are stored whose ids are to be given out. */
  readonly #storedUnder = new WeakMap<readonly PulsarId[], StoredUnder>()
  /** The place of the last acknowledged entry. */
  #acked: EntryPlace | undefined
  /** A batch waits for a new producer, and for what the log says. Others must not be sent before it. */
  #renewing = false
  /** The error that has ended the writer for good. */
  #dead: WalError | undefined

  constructor(parts: AppenderParts) {
    this.#parts = parts
    this.#place = `the topic ${parts.topic}`
    this.#registration = new Registration(parts)
    this.#appends = new PipelinedAppends<PulsarId, PreparedEntry>({
      bounds: parts.bounds,
      prepare: (batch) => this.#prepare(batch),
      send: (batch, entry) => this.#send(batch, entry),
      // The first batch has to be stored before another one is sent, and so has each batch that waits for a new producer.
      mustWait: () => this.#renewing || this.#acked === undefined || this.#registration.current === undefined,
      stored: (ids) => {
        const { number, place } = this.#storedUnder.get(ids) as StoredUnder
        this.#batches.acknowledged(number)
        this.#acked = place
      },
      storedBehindFailure: () =>
        new AppendError(
          'WAL_UNAVAILABLE',
          `${this.#place}: the broker stored this batch, and the one before it failed. The log is read before both are sent again.`,
          { outcome: 'unknown' },
        ),
    })
  }

  append(batch: Batch): Promise<readonly PulsarId[]> {
    return this.#appends.append(batch)
  }

  /** Resolves when every batch has settled and the producer has ended. */
  async close(): Promise<void> {
    await this.#appends.settled()
    await this.#registration.close()
  }

  #prepare(batch: Batch): PreparedEntry {
    const { driver, name, maxRecordBytes } = this.#parts
    const tooLarge = tooLargeIn(batch, maxRecordBytes)
    if (tooLarge !== undefined) throw tooLarge
    return driver.prepare(batch, name)
  }

  async #send(batch: Batch, entry: PreparedEntry): Promise<readonly PulsarId[]> {
    // No wait lies between here and the send when a producer is there: batches go out in call order.
    const producer = this.#registration.current ?? (await this.#newProducer())
    this.#renewing = false
    const stored = this.#batches.storedAt(batch)
    if (stored !== undefined) return this.#idsAt(stored, batch)
    const number = this.#batches.number(batch)
    try {
      const place = await producer.send(entry, number)
      if (place === undefined)
        throw new CallFailure('the broker takes the batch for a copy of one that it has')
      this.#checkRisen(place)
      return this.#idsAt({ number, place }, batch)
    } catch (error) {
      this.#registration.drop(producer)
      // A fenced writer's connection is closed without a word, so the broker is asked why before this is told as a lost connection.
      const refused = error instanceof CallFailure ? await this.#registration.refusal() : undefined
      throw this.#mapped(refused ?? error, 'unknown')
    }
  }

  /** Registers a producer, and finds out what of the batches without an answer is stored. Nothing is sent in this. */
  async #newProducer(): Promise<EntryProducer> {
    this.#renewing = true
    try {
      if (this.#dead !== undefined) throw this.#dead
      const producer = await this.#registration.register()
      await this.#look().catch((error: unknown) => {
        this.#registration.drop(producer)
        throw error
      })
      this.#batches.from(producer.lastSequence + 1)
      // The producer may have been lost again while the log was read. Its send fails then.
      return producer
    } catch (error) {
      throw this.#mapped(error, 'not-written')
    }
  }

  async #look(): Promise<void> {
    if (this.#acked === undefined) return this.#batches.startAgain()
    const entries = await readBack(this.#parts, this.#acked)
    this.#batches.compare(entries, this.#parts.name, this.#place)
  }

  /** Maps the error of an attempt. After some errors the writer sends nothing more. */
  #mapped(error: unknown, outcome: AppendOutcome): WalError {
    const mapped = mapAppendError(error, `appending to ${this.#place}`, outcome)
    if (mapped.code === 'WAL_FENCED') this.#registration.fence(withoutOutcome(mapped))
    else if (ENDING.includes(mapped.code)) this.#dead ??= withoutOutcome(mapped)
    return mapped
  }

  #checkRisen(place: EntryPlace): void {
    const acked = this.#acked
    if (acked === undefined || comparePlaces(place, acked) > 0) return
    throw new LogRolledBackError(
      `${this.#place}: a new entry lies at ${placeText(place)}, though the log had entries up to ${placeText(acked)}. The topic lost its end, or was deleted and made again.`,
    )
  }

  #idsAt(stored: StoredUnder, { count }: Batch): readonly PulsarId[] {
    const ids = new Array<PulsarId>(count)
    for (let index = 0; index < count; index++) ids[index] = messageIds.of(stored.place, index)
    this.#storedUnder.set(ids, stored)
    return ids
  }
}

/** After one of these nothing more is sent: the log is not what it was. */
const ENDING = ['WAL_CORRUPT', 'WAL_LOG_ROLLED_BACK']

/** The same error for batches that come later: of those nothing was sent. */
function withoutOutcome({ code, message, retryable, cause }: WalError): WalError {
  return new WalError(code, message, { retryable, cause })
}
