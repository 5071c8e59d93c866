import type { Runtime, StoredMessage } from '@wal/walimpls'
import { CallFailure, deferred, type NumberId, sleep } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import { throwOnError } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { listOffsetsRequest, type OffsetResult } from '../protocol/list-offsets.js'
import { messageIds } from '../records/message-id.js'
import { fetchPage, offsetOf, recordDecoder, truncated } from './fetch-page.js'

/** The end of a log, as a broker told it. */
interface LogEnd {
  /** The offset behind the last committed record. */
  readonly offset: number
  readonly leaderEpoch: number
}

interface Asked {
  readonly topic: TopicState
  resolve(end: LogEnd): void
  reject(error: unknown): void
}

/**
 * The time between two questions to one broker on average, in milliseconds. Those in between join the next one. This is a little
 * more than a twentieth of a second, since a thousand idle writers had 20.1 requests a second with 50.
 */
const PAUSE_MS = 60
/** How many questions go out without a pause after a silence, for a process that opens one scanner after another. */
const BURST = 10

/**
 * Asks a broker for the ends of logs. Under load all questions of this time travel in one request: a thousand idle
 * writers which look after their logs cost a broker no more than twenty requests a second.
 */
export class LogEnds {
  readonly #cluster: Cluster
  readonly #node: number
  readonly #runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  #asked: Asked[] = []
  #asking = false
  /** When the next question would be due if every one so far had kept the pause. */
  #dueAt = Number.NEGATIVE_INFINITY

  constructor(cluster: Cluster, node: number, runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>) {
    this.#cluster = cluster
    this.#node = node
    this.#runtime = runtime
  }

  of(topic: TopicState): Promise<LogEnd> {
    const { promise, resolve, reject } = deferred<LogEnd>()
    this.#asked.push({ topic, resolve, reject })
    if (!this.#asking) void this.#askAll()
    return promise
  }

  async #askAll(): Promise<void> {
    this.#asking = true
    while (this.#asked.length > 0) {
      const pause = this.#dueAt - BURST * PAUSE_MS - this.#runtime.monotonic()
      if (pause > 0) await sleep(this.#runtime, pause)
      const asked = this.#asked
      this.#asked = []
      this.#dueAt = Math.max(this.#dueAt, this.#runtime.monotonic()) + PAUSE_MS
      await this.#ask(asked)
    }
    this.#asking = false
  }

  async #ask(asked: readonly Asked[]): Promise<void> {
    try {
      const topics = new Map(asked.map(({ topic }) => [topic.name, topic]))
      const { results } = await this.#cluster.askNode(
        this.#node,
        listOffsetsRequest({
          isolation: 'committed',
          topics: [...topics.values()].map(({ name, leaderEpoch }) => ({
            topic: name,
            currentLeaderEpoch: leaderEpoch,
            place: 'latest',
          })),
        }),
      )
      const byTopic = new Map(results.map((result) => [result.topic, result]))
      for (const { topic, resolve, reject } of asked) settle(byTopic.get(topic.name), resolve, reject)
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}

function settle(
  result: OffsetResult | undefined,
  resolve: (end: LogEnd) => void,
  reject: (error: unknown) => void,
): void {
  try {
    if (result === undefined) throw new CallFailure('the answer leaves out a topic')
    throwOnError(result.errorCode)
    resolve({ offset: result.offset, leaderEpoch: result.leaderEpoch })
  } catch (error) {
    reject(error)
  }
}

/** How many bytes are asked for to find the last record. The batch that it lies in comes whole, however large it is. */
const PAGE_BYTES = 64 * 1024

/** Reads a log's last record. When the log's end is where it was, the record that was read last is answered again. */
export class LastRecord {
  readonly #cluster: Cluster
  #end: LogEnd | undefined
  #message: StoredMessage<NumberId> | undefined

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Undefined for a log that never had a record. Throws `WAL_POSITION_TRUNCATED` when others removed every record. */
  async read(topic: TopicState, ends: LogEnds): Promise<StoredMessage<NumberId> | undefined> {
    const end = await ends.of(topic)
    const same = this.#end?.offset === end.offset && this.#end.leaderEpoch === end.leaderEpoch
    if (!same) {
      this.#message = await this.#find(topic, end.offset)
      this.#end = end
    }
    const message = this.#message
    return (
      message && { ...message, payload: Buffer.from(message.payload), properties: [...message.properties] }
    )
  }

  /** Looks back from the end: there may be markers of transactions there, and records of transactions that were given up. */
  async #find(topic: TopicState, end: number): Promise<StoredMessage<NumberId> | undefined> {
    if (end === 0) return undefined
    const oldest = await offsetOf(this.#cluster, topic, 'earliest')
    const lane = this.#cluster.lane(topic.leader, 'read')
    for (let at = end - 1; at >= oldest; ) {
      const page = await fetchPage(this.#cluster, lane, {
        ...{ topic, offset: at, lastEpoch: -1, maxBytes: PAGE_BYTES },
      })
      const { records, aborted } = page
      const { messages, firstOffset } = recordDecoder(topic.name).decode(records, {
        from: oldest,
        aborted,
      })
      const last = messages.filter(({ id }) => messageIds.numberOf(id) < end).at(-1)
      if (last !== undefined) return last
      // The batch may begin far below the offset that was asked for.
      at = Math.min(firstOffset ?? at, at) - 1
    }
    throw truncated(topic.name, end - 1, undefined)
  }
}
