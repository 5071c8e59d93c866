import type { Runtime } from '@wal/walimpls'
import { CallFailure, deferred, onAbort } from '@wal/walimpls/helper'
import type { Connection } from '../client/connection.js'
import { throwOnError } from '../client/kafka-error.js'
import type { Lane } from '../client/lane.js'
import type { TopicState } from '../client/topic-memory.js'
import { errorName } from '../protocol/error-codes.js'
import {
  type FetchAnswer,
  type FetchResult,
  type FetchTopic,
  fetchRequest,
  NEW_FETCH_SESSION,
} from '../protocol/fetch.js'

/** A place at the end of a log at which somebody waits for records. */
export interface TailPlace {
  readonly topic: TopicState
  readonly offset: number
  readonly lastEpoch: number
  /** The connection over which the reader has come to this place. */
  readonly read: Connection
  /** The connection over which the poll served this reader before; undefined when it has not yet. */
  readonly over: Connection | undefined
}

/** What the poll has brought to a reader. */
export interface Tailed {
  /** Undefined when the reader should read for itself. */
  readonly result: FetchResult | undefined
  readonly over: Connection
}

export interface TailParts {
  /** The connection for the poll. */
  readonly lane: () => Lane
  readonly runtime: Pick<Runtime, 'yield'>
  /** How long the broker holds its answer back when nothing is stored, in milliseconds. */
  readonly pollMs: number
  readonly requestTimeoutMs: number
}

interface Waiter {
  readonly place: TailPlace
  /** The only connection over which the poll may serve this reader; undefined until its first request. */
  over: Connection | undefined
  resolve(tailed: Tailed): void
  reject(error: unknown): void
}

/** How many bytes of records an answer may have, in all and of one log. */
const MAX_BYTES = 8 * 1024 * 1024
const MAX_TOPIC_BYTES = 1024 * 1024
/** Numbers of requests in a session begin at 1 again behind this one. */
const LAST_SESSION_EPOCH = 2 ** 31 - 1
/** Errors with which a broker says that it does not have the session, or not as this client has it. */
const SESSION_ERRORS = [
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'FETCH_SESSION_TOPIC_ID_ERROR',
]
/** The offset of a log in the session for which the broker has answered: no place in a log. */
const ANSWERED = -1

/**
 * One long poll for all logs of a broker at whose end readers wait. It uses a fetch session of Kafka: a request names only the
 * logs of which something has changed, and an answer only those with new records. So a thousand quiet logs cost one small
 * request each time.
 */
export class Tail {
  readonly #parts: TailParts
  /** By topic id. Nearly always one: core shares a reader among those that follow one log. */
  readonly #waiters = new Map<string, Set<Waiter>>()
  /** What the broker's session knows: for each topic id the offset that is wanted of it. */
  readonly #inSession = new Map<string, number>()
  #session = 0
  #epoch = 0
  #polling: Promise<void> | undefined
  #closed = false

  constructor(parts: TailParts) {
    this.#parts = parts
  }

  /**
   * Resolves with the records behind a place, or that something has changed there, as soon as there is. Rejects when the poll
   * fails, when it would go on over another connection, and with the signal's reason. A broker that has been started again over
   * there may have lost the log's end, and have stored other records in its place.
   */
  wait(place: TailPlace, signal: AbortSignal): Promise<Tailed> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.#closed) return Promise.reject(new CallFailure('the client was closed'))
    const { promise, resolve, reject } = deferred<Tailed>()
    const { id } = place.topic
    const waiters = this.#waiters.get(id) ?? new Set()
    this.#waiters.set(id, waiters)
    let stop = () => {}
    const left = () => {
      stop()
      waiters.delete(waiter)
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id)
    }
    const waiter: Waiter = {
      place,
      over: place.over,
      resolve(tailed) {
        left()
        resolve(tailed)
      },
      reject(error) {
        left()
        reject(error)
      },
    }
    waiters.add(waiter)
    stop = onAbort(signal, (reason) => waiter.reject(reason))
    this.#polling ??= this.#poll()
    return promise
  }

  /** Ends the poll. To be called when the connection was ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#polling
  }

  /** Polls as long as somebody waits. A failure reaches all that wait. */
  async #poll(): Promise<void> {
    while (this.#waiters.size > 0 && !this.#closed) {
      try {
        await this.#round()
      } catch (error) {
        this.#session = 0
        for (const waiters of [...this.#waiters.values()])
          for (const waiter of [...waiters]) waiter.reject(error)
      }
      // Readers take their records and wait again within this turn of the event loop.
      await this.#parts.runtime.yield()
    }
    // In the same step as the look at the waiters: a reader that waits from now on begins another poll.
    this.#polling = undefined
  }

  async #round(): Promise<void> {
    const { lane, pollMs, requestTimeoutMs } = this.#parts
    const over = await lane().connection()
    this.#bind(over)
    if (this.#waiters.size === 0) return
    if (this.#session === 0) {
      this.#epoch = NEW_FETCH_SESSION.sessionEpoch
      this.#inSession.clear()
    }
    const topics: FetchTopic[] = []
    for (const [id, waiters] of this.#waiters) {
      const place = lowest(waiters)
      if (this.#inSession.get(id) === place.offset) continue
      topics.push({
        topicId: id,
        currentLeaderEpoch: place.topic.leaderEpoch,
        offset: place.offset,
        lastFetchedEpoch: place.lastEpoch,
        maxBytes: MAX_TOPIC_BYTES,
      })
      this.#inSession.set(id, place.offset)
    }
    const forgotten = [...this.#inSession.keys()].filter((id) => !this.#waiters.has(id))
    for (const id of forgotten) this.#inSession.delete(id)
    const request = fetchRequest({
      ...{ maxWaitMs: pollMs, minBytes: 1, maxBytes: MAX_BYTES, isolation: 'committed' },
      ...{ sessionId: this.#session, sessionEpoch: this.#epoch, topics, forgotten },
    })
    const answer = await over.ask(request, pollMs + requestTimeoutMs)
    this.#take(answer, over)
  }

  /** Rejects those that wait and may not be served over the connection of the next request. */
  #bind(over: Connection): void {
    for (const waiters of [...this.#waiters.values()])
      for (const waiter of [...waiters])
        if (!bind(waiter, over)) waiter.reject(new CallFailure('the connection to the broker was lost'))
  }

  #take({ errorCode, sessionId, results }: FetchAnswer, over: Connection): void {
    if (SESSION_ERRORS.includes(errorName(errorCode))) {
      // The broker dropped the session, for one of another client. The next request begins another; nothing was lost.
      this.#session = 0
      return
    }
    throwOnError(errorCode)
    this.#session = sessionId
    this.#epoch = this.#epoch >= LAST_SESSION_EPOCH ? 1 : this.#epoch + 1
    for (const result of results) {
      const { topicId, records, divergingEpoch, errorCode: topicError } = result
      if (records.length === 0 && divergingEpoch === undefined && topicError === 0) continue
      const wanted = this.#inSession.get(topicId)
      // The session still has the old offset: the next request names another one, or lets the session forget the log.
      this.#inSession.set(topicId, ANSWERED)
      for (const waiter of [...(this.#waiters.get(topicId) ?? [])])
        if (bind(waiter, over))
          waiter.resolve({ result: waiter.place.offset === wanted ? result : undefined, over })
    }
  }
}

/**
 * Binds a reader to the connection of the poll at its first request. Answers whether the poll may serve the reader: a reader
 * that is bound to another connection, or whose own has ended before, may have a broker before it that was started again. A
 * connection whose login was renewed in time counts as the same one.
 */
function bind(waiter: Waiter, over: Connection): boolean {
  if (waiter.over === undefined && !waiter.place.read.ended) waiter.over = over
  return waiter.over !== undefined && over.continues(waiter.over)
}

/** The place from which on records are asked for. Those who wait at a higher one are told to read for themselves. */
function lowest(waiters: ReadonlySet<Waiter>): TailPlace {
  let found: TailPlace | undefined
  for (const { place } of waiters) if (found === undefined || place.offset < found.offset) found = place
  return found as TailPlace
}
