import {
  recordBytes,
  type ScannerImpls,
  type ScannerOptions,
  type StoredMessage,
  WalError,
} from '@wal/walimpls'
import {
  abortable,
  CallFailure,
  type Lifetime,
  type NumberId,
  PagedScanner,
  ReadAhead,
} from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import type { Connection } from '../client/connection.js'
import { mapError } from '../client/error-table.js'
import type { TopicState } from '../client/topic-memory.js'
import type { FetchResult } from '../protocol/fetch.js'
import type { RecordDecoder } from '../records/batch-decoder.js'
import { messageIds } from '../records/message-id.js'
import {
  askOffset,
  checkResult,
  fetchUnchecked,
  isOutOfRange,
  recordDecoder,
  truncated,
} from './fetch-page.js'
import type { Tail } from './tail.js'
import type { ToldEnd } from './told-end.js'

export interface ScannerParts {
  readonly cluster: Cluster
  /** The topic, with its present leader. Rejects when it was deleted. */
  readonly topic: () => Promise<TopicState>
  /** Names the topic in errors. */
  readonly name: string
  /** The poll of the broker that leads the topic. */
  readonly tailOf: (node: number) => Tail
  /** Whether the topic’s leader has told the log’s end. All scanners of a log share it. */
  readonly leader: ToldEnd
  readonly options: ScannerOptions<NumberId>
  readonly log: Lifetime
}

export function openScanner(parts: ScannerParts): ScannerImpls<NumberId> {
  const pages = new Pages(parts)
  return new PagedScanner<NumberId>({
    options: parts.options,
    owner: parts.log,
    begin: (signal) => abortable(pages.begin(), signal),
    // A request that is under way when the scanner ends is left to its connection, which may be waiting for a frozen broker.
    page: (maxBytes, signal) => abortable(pages.next(maxBytes), signal),
    waitForMore: (signal) => pages.waitForMore(signal),
  })
}

/** The least that is asked for at a time: a smaller page would hold less than a batch, which comes whole anyway. */
const SMALLEST_PAGE_BYTES = 64 * 1024

/** Of an answer of many compressed batches, those behind this many bytes are dropped, and fetched again when their turn comes. */
const MOST_DECODED_BYTES = 16 * 1024 * 1024

/** Reads a log page by page. The next page is requested while the records of the last one are given out. */
class Pages {
  readonly #parts: ScannerParts
  readonly #doing: string
  readonly #decoder: RecordDecoder<NumberId>
  /** The connection over which the scanner reads: over another one it does not go on, since the log may have changed. */
  #connection: Connection | undefined
  #topic: TopicState | undefined
  /** The offset of the next record. */
  #offset = 0
  /** The leader epoch of the record before; −1 when it is not known. */
  #epoch = -1
  #messages: readonly StoredMessage<NumberId>[] = []
  #at = 0
  /** The last page reached the log's end. The next call of `next` gives an empty array for it, without asking the broker. */
  #ended = false
  readonly #ahead = new ReadAhead<FetchResult>()
  /** What the poll at the log's end has brought. */
  #tailed: FetchResult | undefined
  /** The connection over which it came. */
  #tailedOver: Connection | undefined

  constructor(parts: ScannerParts) {
    this.#parts = parts
    this.#doing = `reading the topic ${parts.name}`
    this.#decoder = recordDecoder(parts.name)
  }

  /**
   * All requests of the beginning go out at once. The broker answers a connection’s requests in their order, so the first page
   * is read when the end was told: by then the leader knows how far its log is acknowledged. A leader that has told the end
   * before is asked for the page alone.
   */
  async begin(): Promise<void> {
    const { cluster, options, leader } = this.#parts
    const { start, maxBytes } = options
    try {
      const topic = await this.#parts.topic()
      this.#topic = topic
      const over = await cluster.lane(topic.leader, 'read').connection()
      this.#connection = over
      if (start === 'latest') {
        const end = await leader.tellEnd(cluster, over, topic)
        this.#offset = end.offset
        this.#epoch = end.leaderEpoch
        return
      }
      // A log begins at 0, unless it was truncated.
      this.#offset = start === 'oldest' ? 0 : Math.max(0, messageIds.numberOf(start.from))
      const told = leader.hasTold(over, topic) ? undefined : leader.tellEnd(cluster, over, topic)
      const page = this.#fetch(this.#offset, maxBytes)
      this.#ahead.begin(String(this.#offset), page)
      await told
      if (!isOutOfRange(await page)) return
      const oldest = await askOffset(cluster, over, { topic, wanted: 'earliest' })
      if (start === 'oldest') this.#offset = oldest.offset
      else if (this.#offset < oldest.offset) throw truncated(topic.name, this.#offset, oldest.offset)
    } catch (error) {
      throw this.#endedBy(error)
    }
  }

  async next(maxBytes: number): Promise<readonly StoredMessage<NumberId>[]> {
    while (this.#at === this.#messages.length) {
      if (this.#ended) {
        this.#ended = false
        return []
      }
      try {
        if (await this.#turn(maxBytes)) return []
      } catch (error) {
        throw this.#endedBy(error)
      }
    }
    return this.#cut(maxBytes)
  }

  async waitForMore(signal: AbortSignal): Promise<void> {
    const topic = this.#topic as TopicState
    const tail = this.#parts.tailOf(topic.leader)
    const read = this.#connection as Connection
    try {
      const place = { topic, offset: this.#offset, lastEpoch: this.#epoch, read, over: this.#tailedOver }
      const { result, over } = await tail.wait(place, signal)
      this.#tailed = result
      this.#tailedOver = over
    } catch (error) {
      if (signal.aborted) throw error
      throw this.#endedBy(error)
    }
  }

  /** The error with which the scanner ends. The leader may have changed, so that the next scanner has to ask who it is. */
  #endedBy(error: unknown): WalError {
    const { cluster, name } = this.#parts
    cluster.forget(name)
    return mapError(error, this.#doing)
  }

  /** Takes the next page. Answers whether the log has no more for now. */
  async #turn(maxBytes: number): Promise<boolean> {
    const { name } = this.#parts
    const from = this.#offset
    const tailed = this.#tailed
    this.#tailed = undefined
    let page = tailed ?? (await (this.#ahead.take(String(from)) ?? this.#fetch(from, maxBytes)))
    await this.#check(page)
    this.#take(page)
    if (tailed !== undefined && this.#offset === from) {
      // The poll brought the beginning of a large batch. Alone, the batch comes whole.
      page = await this.#fetch(from, maxBytes)
      await this.#check(page)
      this.#take(page)
    }
    const { lastStableOffset: end } = page
    // Records before this place were stored, so this is not the log's end: the caller would take them for lost.
    if (from > end && this.#offset === from)
      throw new CallFailure(
        `the records from ${end} on can’t be read yet: another application’s transaction is open there, or the leader has just changed`,
      )
    // A broker looks up the end before it reads the records, so its answer may have records that were stored in between.
    if (this.#offset >= end) {
      this.#ended = this.#messages.length > 0
      return !this.#ended
    }
    if (this.#offset === from)
      throw new WalError(
        'WAL_CORRUPT',
        `the topic ${name}: the broker gives no record at offset ${from}, though the log goes to ${end - 1}.`,
      )
    this.#ahead.begin(String(this.#offset), this.#fetch(this.#offset, maxBytes))
    return false
  }

  #check(page: FetchResult): Promise<void> {
    const topic = this.#topic as TopicState
    return checkResult(this.#parts.cluster, { topic, offset: this.#offset }, page)
  }

  #take({ records, aborted }: FetchResult): void {
    const decoded = this.#decoder.decode(records, {
      ...{ from: this.#offset, aborted, maxBytes: MOST_DECODED_BYTES },
    })
    this.#messages = decoded.messages
    this.#at = 0
    this.#offset = decoded.next
    if (decoded.leaderEpoch >= 0) this.#epoch = decoded.leaderEpoch
  }

  #fetch(offset: number, maxBytes: number): Promise<FetchResult> {
    const { cluster } = this.#parts
    const topic = this.#topic as TopicState
    const bytes = Math.max(maxBytes, SMALLEST_PAGE_BYTES)
    const request = { topic, offset, lastEpoch: this.#epoch, maxBytes: bytes }
    return fetchUnchecked(cluster, this.#connection as Connection, request)
  }

  #cut(maxBytes: number): readonly StoredMessage<NumberId>[] {
    const begin = this.#at
    for (let bytes = 0; this.#at < this.#messages.length; this.#at++) {
      bytes += recordBytes(this.#messages[this.#at] as StoredMessage<NumberId>)
      if (this.#at > begin && bytes > maxBytes) break
    }
    const all = begin === 0 && this.#at === this.#messages.length
    const messages = all ? this.#messages : this.#messages.slice(begin, this.#at)
    if (this.#at === this.#messages.length) {
      this.#messages = []
      this.#at = 0
    }
    return messages
  }
}
