import { CallFailure, deferred, notWrittenBehind } from '@wal/walimpls/helper'
import type { Connection } from '../client/connection.js'
import { KafkaError } from '../client/kafka-error.js'
import type { Lane } from '../client/lane.js'
import type { TopicState } from '../client/topic-memory.js'
import { PRODUCE_KEY, produceRequest, produceVersion } from '../protocol/produce.js'
import { Unsent } from './unsent.js'

/** Where a batch was stored. */
export interface Produced {
  /** The offset of its first record. */
  readonly baseOffset: number
}

interface Entry {
  readonly topic: string
  readonly topicId: string
  readonly batch: Buffer
  readonly resolve: (produced: Produced) => void
  readonly reject: (error: unknown) => void
}

/**
 * How many requests are on their way at once. The broker works on one of a connection at a time; another has to be there when
 * it has answered. Batches that come in the meantime gather, and go together.
 */
const MAX_REQUESTS = 5
/** About how many bytes of batches one request has. A broker takes 100 MiB by default (socket.request.max.bytes). */
const MAX_REQUEST_BYTES = 8 * 1024 * 1024

export interface ProduceQueueParts {
  /** The connection for appends to the broker. */
  readonly lane: () => Lane
  readonly requestTimeoutMs: number
}

/**
 * Sends the batches of all logs that one broker leads. Batches that are due at the same time travel in one request, at most one
 * of each log, since a broker works on the requests of a connection one by one and each waits for the replicas.
 *
 * The batches of a log are sent in call order. When one fails, those of the same log that still wait are refused unsent.
 */
export class ProduceQueue {
  readonly #parts: ProduceQueueParts
  #waiting: Entry[] = []
  #requests = 0
  #scheduled = false

  constructor(parts: ProduceQueueParts) {
    this.#parts = parts
  }

  /**
   * Sends a record batch for partition 0 of the topic. Rejects with a `KafkaError` when the broker refused it, with `Unsent` when
   * there is no connection to send it over, and with a `CallFailure` when no answer came.
   */
  send({ name, id }: Pick<TopicState, 'name' | 'id'>, batch: Buffer): Promise<Produced> {
    const { promise, resolve, reject } = deferred<Produced>()
    this.#waiting.push({ topic: name, topicId: id, batch, resolve, reject })
    this.#schedule()
    return promise
  }

  /** Sends in a microtask, so that the batches which are handed in together go together. */
  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0 || this.#requests >= MAX_REQUESTS) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      void this.#sendNext()
      this.#schedule()
    })
  }

  async #sendNext(): Promise<void> {
    const entries = this.#take()
    if (entries.length === 0) return
    this.#requests++
    const { requestTimeoutMs } = this.#parts
    // Shorter than the deadline of the request, so that the broker says in time that replicas are missing.
    const timeoutMs = Math.max(1, Math.floor(requestTimeoutMs * 0.8))
    try {
      const connection = await this.#connection()
      // An older broker does not speak this version either, and the error says so.
      const version = produceVersion(connection.highest(PRODUCE_KEY)) ?? 9
      const request = produceRequest({ version, batches: entries, timeoutMs })
      const { results } = await connection.ask(request, requestTimeoutMs)
      const byTopic = new Map(results.map((result) => [result.topic, result]))
      for (const entry of entries) {
        const { topic, topicId } = entry
        const answer = byTopic.get(topic) ?? byTopic.get(topicId)
        if (answer === undefined) this.#fail(entry, new Error(`the answer leaves out the topic ${topic}`))
        else if (answer.errorCode !== 0)
          this.#fail(entry, new KafkaError(answer.errorCode, answer.errorMessage))
        else entry.resolve({ baseOffset: answer.baseOffset })
      }
    } catch (error) {
      for (const entry of entries) this.#fail(entry, error)
    } finally {
      this.#requests--
      this.#schedule()
    }
  }

  /** A connection over which a request goes out at once. */
  async #connection(): Promise<Connection> {
    try {
      const connection = await this.#parts.lane().connection()
      if (connection.ended) throw new CallFailure('the connection ended before the request')
      return connection
    } catch (error) {
      throw new Unsent(error)
    }
  }

  /** Removes the batches of the next request: in order, and of each log no batch while an earlier one is left behind. */
  #take(): Entry[] {
    const taken: Entry[] = []
    const left: Entry[] = []
    const topics = new Set<string>()
    let bytes = 0
    for (const entry of this.#waiting) {
      const { topic, batch } = entry
      const fits = taken.length === 0 || bytes + batch.length <= MAX_REQUEST_BYTES
      if (!fits || topics.has(topic)) left.push(entry)
      else {
        taken.push(entry)
        bytes += batch.length
      }
      topics.add(topic)
    }
    this.#waiting = left
    return taken
  }

  #fail(entry: Entry, error: unknown): void {
    entry.reject(error)
    const left = this.#waiting.filter(({ topic }) => topic !== entry.topic)
    if (left.length === this.#waiting.length) return
    for (const { topic, reject } of this.#waiting) if (topic === entry.topic) reject(notWrittenBehind())
    this.#waiting = left
  }
}
