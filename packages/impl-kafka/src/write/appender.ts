import { type Batch, propertyOf, RESERVED, WalError } from '@wal/walimpls'
import {
  type AppendBounds,
  type NumberId,
  notWritten,
  notWrittenBehind,
  PipelinedAppends,
  stillUnknown,
  tooLargeIn,
} from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import { mapAppendError } from '../client/error-table.js'
import { isKafkaError } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { offsetOf } from '../read/fetch-page.js'
import { encodeRecordBatch, restampRecordBatch } from '../records/batch-encoder.js'
import { messageIds } from '../records/message-id.js'
import { type FenceParts, newIdentity, otherProducers } from './fence.js'
import type { Produced, ProduceQueue } from './produce-queue.js'
import { LAST_EPOCH, type Numbers, Producer, type ProducerIdentity } from './producer.js'
import { findBatch, hasRecords, producerFrom } from './stored-batch.js'
import { Unsent } from './unsent.js'

export interface AppenderParts {
  readonly cluster: Cluster
  readonly fence: FenceParts
  readonly topic: TopicState
  /** The queue of the broker that leads a topic. */
  readonly queueOf: (node: number) => ProduceQueue
  readonly bounds: AppendBounds
  /** The largest encoded batch that the topic takes, in bytes. */
  readonly maxMessageBytes: number
  readonly maxRecordBytes: number
  readonly gzip: boolean
  readonly now: () => number
}

/** Errors with which a broker says that a batch's numbers are not those it expects. */
const SEQUENCE_ERRORS = ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'DUPLICATE_SEQUENCE_NUMBER']
interface Encoded {
  readonly bytes: Buffer
  /** When the batch was handed in, in milliseconds since 1970. */
  readonly timestamp: number
}

/**
 * Sends a writer's batches, up to five at once. The first one takes the fence. The broker stores a batch only when its numbers
 * follow those of the one before, so that no batch is stored behind a missing one (G3).
 */
export class Appender {
  /** The offset of the last acknowledged record; −1 before the first. */
  #acked = -1
  /** The producer id and epoch under which that record is stored. */
  #ackedBy: ProducerIdentity | undefined
  #producer: Producer | undefined
  /** By which producer the batches are stored whose ids are to be given out. Another one may have followed it in the meantime. */
  readonly #storedUnder = new WeakMap<readonly NumberId[], Producer>()
  /** The topic with the leader that stored a batch last. */
  #storedAt: TopicState | undefined
  /** How many batches are about to be sent under a new epoch, or are looked for in the log. Others wait until that is over. */
  #renewing = 0
  /** The attempt that was sent last, among those in flight. When it has settled, it is known whether a batch before failed. */
  #lastSent: Promise<unknown> = Promise.resolve()
  readonly #place: string
  readonly #parts: AppenderParts
  readonly #appends: PipelinedAppends<NumberId, Encoded>

  constructor(parts: AppenderParts) {
    this.#parts = parts
    this.#place = `the topic ${parts.topic.name}`
    this.#appends = new PipelinedAppends<NumberId, Encoded>({
      bounds: parts.bounds,
      prepare: (batch) => this.#encode(batch),
      send: (batch, encoded) => this.#send(batch, encoded),
      // The first batch of an id and epoch has to be stored before another one is sent: only then does the broker refuse a batch
      // that does not follow the one before.
      mustWait: () => this.#renewing > 0 || this.#producer?.known !== true,
      stored: (ids) => {
        const producer = this.#storedUnder.get(ids)
        producer?.stored(ids.length)
        this.#ackedBy = producer?.identity
        this.#acked = Math.max(this.#acked, messageIds.numberOf(ids[ids.length - 1] as NumberId))
      },
      failed: () => {
        this.#producer?.rewind()
        this.#lastSent = Promise.resolve()
      },
    })
  }

  append(batch: Batch): Promise<readonly NumberId[]> {
    return this.#appends.append(batch)
  }

  settled(): Promise<void> {
    return this.#appends.settled()
  }

  #encode(batch: Batch): Encoded {
    const { maxMessageBytes, maxRecordBytes, gzip, now } = this.#parts
    const tooLarge = tooLargeIn(batch, maxRecordBytes)
    if (tooLarge !== undefined) throw tooLarge
    const timestamp = now()
    const stamp = { producerId: -1n, producerEpoch: -1, baseSequence: -1, timestamp }
    return { bytes: encodeRecordBatch(batch, stamp, { gzip, maxBytes: maxMessageBytes }), timestamp }
  }

  #send(batch: Batch, encoded: Encoded): Promise<readonly NumberId[]> {
    const before = this.#lastSent
    const producer = this.#producer
    const sent =
      producer === undefined
        ? this.#takeFence(batch, encoded)
        : this.#sendNumbered(batch, encoded, { producer, before })
    this.#lastSent = sent
    sent.catch(() => {})
    return sent
  }

  async #sendNumbered(
    batch: Batch,
    encoded: Encoded,
    { producer, before }: { readonly producer: Producer; readonly before: Promise<unknown> },
  ): Promise<readonly NumberId[]> {
    const stamp = producer.stamp(batch)
    if (stamp === undefined) return this.#renewed(() => this.#sendBehind(batch, encoded, before))
    try {
      const { baseOffset } = await this.#produce(encoded, stamp)
      // When a batch before this one fails, this one is sent again, and may be refused then.
      producer.mayBeStored(stamp)
      return this.#idsFrom(baseOffset, batch, producer)
    } catch (error) {
      const behind = await before.then(
        () => false,
        () => true,
      )
      // When a batch before this one failed, or was sent again under a new epoch, the broker refused this one for that reason.
      if (isKafkaError(error, ...SEQUENCE_ERRORS, 'INVALID_PRODUCER_EPOCH'))
        if (behind || producer !== this.#producer) {
          producer.refused(stamp)
          throw notWrittenBehind()
        }
      if (isKafkaError(error, ...SEQUENCE_ERRORS))
        return this.#renewed(() => this.#afterSequenceError(batch, encoded, { producer, stamp }))
      throw this.#failed(error, producer, stamp)
    }
  }

  /**
   * The broker's numbers and ours disagree. That says nothing about the batch: the broker answers so for one that it has, after
   * a restart, and for one that it lacks, when it has forgotten this writer. The log decides.
   */
  async #afterSequenceError(
    batch: Batch,
    encoded: Encoded,
    { producer, stamp }: { readonly producer: Producer; readonly stamp: Numbers },
  ): Promise<readonly NumberId[]> {
    const found = await this.#look(stamp)
    return found === undefined ? this.#sendRenewed(batch, encoded) : this.#idsFrom(found, batch, producer)
  }

  /** Sends the batch under a new epoch once those before it are stored, which have their own numbers. */
  async #sendBehind(batch: Batch, encoded: Encoded, before: Promise<unknown>): Promise<readonly NumberId[]> {
    try {
      await before
    } catch {
      throw notWrittenBehind()
    }
    return this.#sendRenewed(batch, encoded)
  }

  /** Keeps other batches from being sent while one is looked for, or gets a new epoch. */
  async #renewed<T>(work: () => Promise<T>): Promise<T> {
    this.#renewing++
    try {
      return await work()
    } finally {
      this.#renewing--
    }
  }

  /**
   * Sends the batch under a new epoch, whose numbers begin at 0. No attempt before this one is stored, so the outcome is that of
   * this one.
   */
  async #sendRenewed(batch: Batch, encoded: Encoded): Promise<readonly NumberId[]> {
    const identity = await newIdentity(this.#parts.fence).catch((error: unknown) => {
      throw this.#mapped(error, 'not-written')
    })
    const producer = new Producer(identity)
    const stamp = producer.stamp(batch) as Numbers
    this.#producer = producer
    try {
      const { baseOffset } = await this.#produce(encoded, stamp)
      producer.mayBeStored(stamp)
      return this.#idsFrom(baseOffset, batch, producer)
    } catch (error) {
      throw this.#failed(error, producer, stamp)
    }
  }

  /** Keeps the numbers of a failed attempt for its batch, unless the attempt is certainly not stored. Returns the mapped error. */
  #failed(error: unknown, producer: Producer, stamp: Numbers): unknown {
    const mapped = this.#mapped(error)
    if ((mapped as { outcome?: string }).outcome === 'not-written') producer.refused(stamp)
    else producer.mayBeStored(stamp)
    return mapped
  }

  /** The offset at which a batch is stored under these numbers; undefined when the log does not have it. */
  async #look(stamp: Numbers): Promise<number | undefined> {
    const { cluster } = this.#parts
    try {
      const topic = await this.#ledTopic()
      return await findBatch(cluster, { topic, acked: this.#acked, ackedBy: this.#ackedBy, stamp })
    } catch (error) {
      throw this.#mapped(error, 'unknown')
    }
  }

  /**
   * Takes the fence with this batch. It is stored under this writer's own id, and at the last epoch, which ends an id, under that
   * of every other producer that the partition remembers. So a writer is kept out whose id the coordinator has forgotten, or that
   * used up its epochs. Readers drop the copies.
   *
   * The first copy makes this writer the current one. So it is stored under the id of the writer that is current until then,
   * which the same record ends; that is the own id when the coordinator has forgotten nothing.
   */
  async #takeFence(batch: Batch, encoded: Encoded): Promise<readonly NumberId[]> {
    const { cluster, fence } = this.#parts
    let stored: number | undefined
    let copies = 0
    try {
      const identity = await newIdentity(fence)
      const topic = await this.#ledTopic()
      const ended = new Set<bigint>()
      const tick = () => lastTick(cluster, topic, batch)
      const others = await otherProducers(cluster, topic, { own: identity, tick })
      const current = await this.#currentProducer(topic, batch)
      const producer = new Producer(identity)
      const stamp = producer.stamp(batch) as Numbers
      let ownOffset = -1
      for (const producerId of inOrder(others, identity.id, current)) {
        copies++
        if (producerId === identity.id) {
          ownOffset = (await this.#produce(encoded, stamp)).baseOffset
          stored ??= ownOffset
        } else {
          ended.add(producerId)
          const offset = await this.#end(producerId, encoded)
          stored ??= offset
        }
      }
      // A broker that has lost the lead since then may not know of a producer that the present leader knows.
      const further = await otherProducers(cluster, this.#storedAt ?? topic, { own: identity, tick })
      if (further.some((producerId) => !ended.has(producerId)))
        throw new WalError(
          'WAL_FENCED',
          `${this.#place}: another writer stored a record while this one took the fence.`,
        )
      this.#producer = producer
      // The copy under the own id: later looks find it by that id.
      this.#acked = ownOffset + batch.count - 1
      return this.#idsFrom(stored ?? ownOffset, batch, producer)
    } catch (error) {
      cluster.forget(this.#parts.topic.name)
      const sent = error instanceof Unsent ? copies - 1 : copies
      throw this.#mapped(error, sent > 0 ? 'unknown' : 'not-written')
    }
  }

  /** The id of the writer that stored the log's last time tick; undefined when the batch names none. */
  async #currentProducer(topic: TopicState, batch: Batch): Promise<bigint | undefined> {
    const { cluster } = this.#parts
    const named = tickNamedBy(batch)
    return named === undefined
      ? undefined
      : producerFrom(cluster, topic, await lastTick(cluster, topic, batch))
  }

  /**
   * Ends a producer id: stores the batch under it at the last epoch. Undefined when somebody else has ended it already. Another
   * opener’s record has the same numbers then, so that the broker may answer that record’s offset for ours.
   */
  async #end(producerId: bigint, encoded: Encoded): Promise<number | undefined> {
    const stamp = { producerId, producerEpoch: LAST_EPOCH, baseSequence: 0 }
    try {
      const { baseOffset } = await this.#produce(encoded, stamp)
      const { cluster } = this.#parts
      return (await hasRecords(cluster, await this.#ledTopic(), { offset: baseOffset, batch: encoded.bytes }))
        ? baseOffset
        : undefined
    } catch (error) {
      if (isKafkaError(error, ...SEQUENCE_ERRORS)) return undefined
      throw error
    }
  }

  async #produce({ bytes, timestamp }: Encoded, stamp: Numbers): Promise<Produced> {
    const { cluster, topic, queueOf } = this.#parts
    const stamped = restampRecordBatch(bytes, { ...stamp, timestamp })
    const known = cluster.knownTopic(topic.name)
    // A topic of the same name that was made since has another id, and takes batches that name no id.
    const led = known?.id === topic.id ? known : await this.#ledTopic().catch(unsent)
    try {
      const produced = await queueOf(led.leader).send(topic, stamped)
      this.#storedAt = led
      if (produced.baseOffset <= this.#acked)
        throw new WalError(
          'WAL_LOG_ROLLED_BACK',
          `${this.#place}: a new record has the offset ${produced.baseOffset}, though the log had records up to ${this.#acked}. The topic lost its end, or was deleted and made again.`,
        )
      return produced
    } catch (error) {
      // The leader may have changed: the next attempt asks who it is.
      cluster.forget(topic.name)
      throw error
    }
  }

  async #ledTopic(): Promise<TopicState> {
    const { cluster, topic } = this.#parts
    const found = await cluster.ledTopic(topic.name)
    if (found === undefined || found.id !== topic.id)
      throw notWritten(
        'WAL_CHANNEL_NOT_FOUND',
        `${this.#place} was deleted${found === undefined ? '' : ', and another one of that name was made'}.`,
      )
    return found
  }

  #idsFrom(offset: number, { count }: Batch, producer: Producer): readonly NumberId[] {
    const ids = new Array<NumberId>(count)
    for (let i = 0; i < count; i++) ids[i] = messageIds.of(offset + i)
    this.#storedUnder.set(ids, producer)
    return ids
  }

  #mapped(error: unknown, outcome?: 'unknown' | 'not-written'): unknown {
    const doing = `appending to ${this.#place}`
    const mapped =
      error instanceof Unsent
        ? mapAppendError(error.cause, doing, outcome ?? 'not-written')
        : mapAppendError(error, doing, outcome)
    return outcome === 'unknown' ? stillUnknown(mapped) : mapped
  }
}

function unsent(error: unknown): never {
  throw new Unsent(error)
}

/**
 * In which order the first batch is stored under these ids: first under that of the current writer, which is ended even if the
 * partition does not remember it; last under the own one, unless that is the current writer's.
 */
function inOrder(others: readonly bigint[], own: bigint, current: bigint | undefined): readonly bigint[] {
  if (current === own) return [own, ...others]
  if (current === undefined) return [...others, own]
  return [current, ...others.filter((id) => id !== current), own]
}

/** The offset of the log's last time tick, which the batch's first record names; the oldest one when it names none. */
async function lastTick(cluster: Cluster, topic: TopicState, batch: Batch): Promise<number> {
  const oldest = await offsetOf(cluster, topic, 'earliest')
  return Math.max(oldest, tickNamedBy(batch) ?? oldest)
}

function tickNamedBy({ messages }: Batch): number | undefined {
  const named = propertyOf(messages[0]?.properties ?? [], RESERVED.previousTick) ?? ''
  return named === '' ? undefined : messageIds.numberOf(messageIds.parse(named))
}
