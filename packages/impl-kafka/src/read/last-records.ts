import { type Runtime, type StoredMessage, WalError } from '@wal/walimpls'
import { deferred, type NumberId, sleep } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import type { Connection } from '../client/connection.js'
import { throwOnError, toldAbout } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { listOffsetsRequest, type OffsetResult } from '../protocol/list-offsets.js'
import { messageIds } from '../records/message-id.js'
import { fetchPage, offsetOf, recordDecoder, truncated } from './fetch-page.js'

/** The end of a log, as a broker told it. */
interface LogEnd {
  /** The offset behind the last committed record. */
  readonly offset: number
  readonly leaderEpoch: number
  /** The connection over which the broker told it. */
  readonly over: Connection
}

interface Asked {
  readonly topic: TopicState
  /** Whether somebody waits for the answer who does not ask again and again. */
  readonly soon: boolean
  resolve(end: LogEnd): void
  reject(error: unknown): void
}

/**
 * The time between two questions to one broker on average, in milliseconds, of those that are not asked soon. Those in between
 * join the next one. This is a little more than a twentieth of a second, since a thousand idle writers had 20.1 requests a
 * second with 50.
 */
const PAUSE_MS = 60
/** How many questions go out without a pause after a silence, for a process that opens one writer after another. */
const BURST = 10

/**
 * Asks a broker for the ends of logs. All questions that come while a request is under way, or until the next one is due, travel
 * in one request: a thousand idle writers which look after their logs cost a broker no more than twenty requests a second.
 */
export class LogEnds {
  readonly #cluster: Cluster
  readonly #node: number
  readonly #runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  #asked: Asked[] = []
  #asking = false
  #askingSoon = false
  /** When the next question would be due if every one so far had kept the pause. */
  #dueAt = Number.NEGATIVE_INFINITY

  constructor(cluster: Cluster, node: number, runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>) {
    this.#cluster = cluster
    this.#node = node
    this.#runtime = runtime
  }

  /** A question that is asked `soon` waits for the answer to the request before, and for no pause. */
  of(topic: TopicState, soon: boolean): Promise<LogEnd> {
    const { promise, resolve, reject } = deferred<LogEnd>()
    this.#asked.push({ topic, soon, resolve, reject })
    if (soon && !this.#askingSoon) void this.#askSoon()
    if (!soon && !this.#asking) void this.#askInTime()
    return promise
  }

  async #askSoon(): Promise<void> {
    this.#askingSoon = true
    while (this.#asked.some(({ soon }) => soon)) await this.#askAll()
    this.#askingSoon = false
  }

  async #askInTime(): Promise<void> {
    this.#asking = true
    while (this.#asked.length > 0) {
      const pause = this.#dueAt - BURST * PAUSE_MS - this.#runtime.monotonic()
      if (pause > 0) await sleep(this.#runtime, pause)
      this.#dueAt = Math.max(this.#dueAt, this.#runtime.monotonic()) + PAUSE_MS
      await this.#askAll()
    }
    this.#asking = false
  }

  async #askAll(): Promise<void> {
    const asked = this.#asked
    this.#asked = []
    if (asked.length > 0) await this.#ask(asked)
  }

  async #ask(asked: readonly Asked[]): Promise<void> {
    try {
      const topics = new Map(asked.map(({ topic }) => [topic.name, topic]))
      const request = listOffsetsRequest({
        isolation: 'committed',
        topics: [...topics.values()].map(({ name, leaderEpoch }) => ({
          topic: name,
          currentLeaderEpoch: leaderEpoch,
          place: 'latest',
        })),
      })
      const over = await this.#cluster.lane(this.#node, 'ask').connection()
      const { results } = await over.ask(request, this.#cluster.requestTimeoutMs)
      const byTopic = new Map(results.map((result) => [result.topic, result]))
      for (const each of asked) settle(each, over, byTopic.get(each.topic.name))
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}

function settle({ topic, resolve, reject }: Asked, over: Connection, result: OffsetResult | undefined): void {
  try {
    const { errorCode, offset, leaderEpoch } = toldAbout(topic.name, result)
    throwOnError(errorCode)
    resolve({ offset, leaderEpoch, over })
  } catch (error) {
    reject(error)
  }
}

function isTruncated(error: unknown): boolean {
  return WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED'
}

/** How many bytes are asked for to find the last record. The batch that it lies in comes whole, however large it is. */
const LEAST_BYTES = 64 * 1024
/** The most that is asked for at a time, when many records have to be passed over. */
const MOST_BYTES = 1024 * 1024
/** Of a page of compressed batches, those behind this many bytes are dropped, and fetched again when their turn comes. */
const MOST_DECODED_BYTES = 16 * 1024 * 1024
/** By how much the part of the log that is looked at next is larger than the one before, in offsets. */
const STEP_GROWTH = 4

/** A part of a log: the offsets from `from` on and below `end`. */
interface Part {
  readonly from: number
  readonly end: number
  readonly signal: AbortSignal | undefined
}

export interface LastRecordOptions {
  readonly ends: LogEnds
  /** Whether the log’s end is asked for without a pause. */
  readonly soon: boolean
  /** An abort ends the search for the record. */
  readonly signal: AbortSignal | undefined
}

/** Reads a log's last record. When the log's end is where it was, the record that was read last is answered again. */
export class LastRecord {
  readonly #cluster: Cluster
  #end: LogEnd | undefined
  #message: StoredMessage<NumberId> | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Undefined for a log that never had a record. Throws `WAL_POSITION_TRUNCATED` when others removed every record. */
  async read(
    topic: TopicState,
    { ends, soon, signal }: LastRecordOptions,
  ): Promise<StoredMessage<NumberId> | undefined> {
    const end = await ends.of(topic, soon)
    const message = this.#isKnown(end) ? this.#message : await this.#find(topic, end.offset, signal)
    this.#message = message
    this.#end = end
    return (
      message && { ...message, payload: Buffer.from(message.payload), properties: [...message.properties] }
    )
  }

  /**
   * Whether the log ends where it did when the record was read. A broker that was started again on an older copy of its data may
   * have come to the same end under the same leader epoch, with other records. So the broker has to tell it over the same
   * connection.
   */
  #isKnown({ offset, leaderEpoch, over }: LogEnd): boolean {
    const known = this.#end
    return known?.offset === offset && known.leaderEpoch === leaderEpoch && known.over === over
  }

  /**
   * Looks back from the end: there may be markers of transactions there, and records of transactions that were given up. Each
   * part of the log is read forward, so that no record behind the answer is left unread: a damaged one is an error.
   *
   * Example: in a log of 100 records the last 20 were given up. Offset 99 is looked at, then 95 to 98, then 79 to 94.
   */
  async #find(
    topic: TopicState,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<StoredMessage<NumberId> | undefined> {
    if (end === 0) return undefined
    // The record before the end is nearly always the answer, so this page does not wait for the offset of the oldest record.
    const atEnd = await this.#lastIn(topic, { from: end - 1, end, signal }).catch((error: unknown) => {
      throw isTruncated(error) ? truncated(topic.name, end - 1, undefined) : error
    })
    if (atEnd !== undefined) return atEnd
    const oldest = await offsetOf(this.#cluster, topic, 'earliest')
    for (let to = end - 1, step = STEP_GROWTH; to > oldest; step *= STEP_GROWTH) {
      const from = Math.max(oldest, to - step)
      const last = await this.#lastIn(topic, { from, end: to, signal })
      if (last !== undefined) return last
      to = from
    }
    throw truncated(topic.name, end - 1, undefined)
  }

  async #lastIn(
    topic: TopicState,
    { from, end, signal }: Part,
  ): Promise<StoredMessage<NumberId> | undefined> {
    const decoder = recordDecoder(topic.name)
    const maxBytes = Math.min(MOST_BYTES, LEAST_BYTES * (end - from))
    let last: StoredMessage<NumberId> | undefined
    for (let offset = from; offset < end; ) {
      signal?.throwIfAborted()
      const lane = this.#cluster.lane(topic.leader, 'read')
      const { records, aborted } = await fetchPage(this.#cluster, lane, {
        ...{ topic, offset, lastEpoch: -1, maxBytes },
      })
      const { messages, next } = decoder.decode(records, {
        ...{ from: offset, aborted, maxBytes: MOST_DECODED_BYTES },
      })
      last = messages.filter(({ id }) => messageIds.numberOf(id) < end).at(-1) ?? last
      if (next === offset)
        throw new WalError(
          'WAL_CORRUPT',
          `the topic ${topic.name}: the broker gives no record at offset ${offset}, though the log goes to ${end - 1}.`,
        )
      offset = next
    }
    return last
  }
}
