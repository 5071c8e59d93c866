import type { ScannerOptions } from '@wal/walimpls'
import { type Deferred, deferred } from '@wal/walimpls/helper'
import { mapError } from '../driver/error-table.js'
import { comparePlaces, placeText } from '../driver/place.js'
import type { EntryPlace, LastEntry } from '../driver/pulsar-driver.js'
import type { PulsarId } from '../records/message-id.js'
import { messageIds } from '../records/message-ids.js'
import { Continuity } from './continuity.js'
import { EntryQueue, type Records, type Stop } from './entry-queue.js'
import { Feed } from './feed.js'
import { firstEntry, type ReadTopic } from './first-entry.js'
import { lostMiddle, rolledBack, truncated } from './missing-records.js'

/**
 * What a reader of a topic gets, in batches. Whatever is wrong is thrown when the records before the fault have been given out.
 */
export class EntryStream {
  readonly #topic: ReadTopic
  readonly #start: ScannerOptions<PulsarId>['start']
  readonly #continuity: Continuity
  readonly #queue: EntryQueue
  readonly #feed: Feed
  #stopped = false
  /** Whether the caller was told that it has everything, and nothing came since. */
  #told = false
  #asking: Promise<LastEntry | undefined> | undefined
  /** The log’s last entry, as the broker told it last. */
  #end: LastEntry | undefined
  /** Resolves when an entry has come, or when none will. */
  #change: Deferred | undefined

  constructor(topic: ReadTopic, { start, maxBytes }: ScannerOptions<PulsarId>) {
    this.#topic = topic
    this.#start = start
    this.#continuity = new Continuity(typeof start === 'string' ? undefined : start.from)
    this.#queue = new EntryQueue(this.#continuity, maxBytes)
    this.#feed = new Feed({
      ...{ topic, shareBytes: maxBytes, queue: this.#queue },
      changed: () => this.#signal(),
    })
  }

  /** Fixes the start position. To be called once. */
  async begin(): Promise<void> {
    const start = this.#start
    // Refuses an id of another backend.
    if (typeof start !== 'string') messageIds.compare(start.from, start.from)
    try {
      await this.#feed.open(start === 'oldest' ? 'earliest' : start === 'latest' ? start : start.from)
      if (this.#stopped) return
      // Nothing up to this place has to be given out, though what was stored in this moment may come all the same.
      if (start === 'latest') this.#continuity.startBehind(await this.#feed.last())
      this.#feed.renew()
    } catch (error) {
      throw this.#mapped(error)
    }
  }

  /**
   * The next records; waits for them. An empty array once when the caller has everything that was stored at that moment. After
   * `stop` an empty array.
   */
  async next(): Promise<Records> {
    for (;;) {
      const records = this.#queue.take()
      if (records.length > 0) {
        this.#told = false
        this.#feed.renew()
        return records
      }
      if (this.#stopped) return []
      const { stop } = this.#queue
      if (stop !== undefined) throw this.#mapped(await this.#errorOf(stop))
      if (this.#feed.ended !== undefined) throw this.#mapped(this.#feed.ended.error)
      if (this.#told) await this.#changes()
      else if (await this.#isAtEnd()) {
        this.#told = true
        return []
      }
    }
  }

  /** Drops what has come, and lets a call of `next` return. */
  stop(): void {
    this.#stopped = true
    this.#queue.clear()
    this.#signal()
  }

  /** Closes the reader. To be called after `stop`. */
  close(): Promise<void> {
    return this.#feed.close()
  }

  /**
   * Finds out whether the caller has everything that is stored now. An answer that was asked for before this call is of no use:
   * more may have been stored since. Answers false when something has changed, and the caller has to look at what has come.
   */
  async #isAtEnd(): Promise<boolean> {
    const changes = this.#changes()
    if (this.#asking !== undefined) {
      await Promise.race([this.#asking.catch(() => {}), changes])
      return false
    }
    if (!this.#isBelow(this.#end)) {
      const answer = await Promise.race([this.#ask().then((last) => ({ last })), changes])
      if (answer === undefined) return false
      if (this.#hasAll(answer.last)) return true
    }
    await this.#changesWithin(changes)
    return false
  }

  #ask(): Promise<LastEntry | undefined> {
    const asking = this.#feed.last().finally(() => {
      this.#asking = undefined
    })
    this.#asking = asking
    return asking
  }

  /** Whether the caller has everything up to the log’s last entry. Throws when the record that has to come first is not there. */
  #hasAll(last: LastEntry | undefined): boolean {
    this.#end = last
    const { wanted } = this.#continuity
    if (wanted !== undefined && (last === undefined || comparePlaces(last, wanted) < 0))
      throw rolledBack(this.#topic.topic, wanted, last)
    return last === undefined || !this.#isBelow(last)
  }

  /** Whether the caller has not got this entry. */
  #isBelow(end: LastEntry | undefined): boolean {
    return end !== undefined && this.#continuity.lacks(end)
  }

  /**
   * Waits for an entry that the broker has. After the time of a request the broker is asked again: the entry may have been removed
   * before it was sent.
   */
  async #changesWithin(changes: Promise<void>): Promise<void> {
    const { runtime, requestTimeoutMs } = this.#topic
    const timer = runtime.setTimeout(() => {
      this.#end = undefined
      this.#signal()
    }, requestTimeoutMs)
    await changes
    timer.clear()
  }

  #changes(): Promise<void> {
    this.#change ??= deferred()
    return this.#change.promise
  }

  #signal(): void {
    this.#change?.resolve()
    this.#change = undefined
  }

  async #errorOf(stop: Stop): Promise<unknown> {
    if ('error' in stop) return stop.error
    const { topic } = this.#topic
    const { place } = stop.entry
    const oldest = (await firstEntry(this.#topic, 'earliest'))?.place
    const { wanted } = this.#continuity
    if (stop.fault === 'not the start' && wanted !== undefined) {
      if (oldest !== undefined && comparePlaces(oldest, wanted) <= 0) return rolledBack(topic, wanted, place)
      return truncated({ topic, what: `the entry ${placeText(wanted)}`, oldest: place })
    }
    const before = this.#continuity.last as EntryPlace
    const missing = { topic, what: `what follows the entry ${placeText(before)}`, oldest: place }
    return oldest !== undefined && comparePlaces(oldest, before) <= 0
      ? lostMiddle(missing)
      : truncated(missing)
  }

  #mapped(error: unknown): Error {
    return mapError(error, `reading the topic ${this.#topic.topic}`)
  }
}
