import type { Waits } from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'
import type { EntryPlace, EntryReader, LastEntry, ReaderOptions } from '../../src/driver/pulsar-driver.js'
import type { Connected, ScriptedLink } from './scripted-link.js'
import { type Follower, receivedEntry, type ScriptedTopic } from './scripted-topic.js'

/** How many entries a broker reads from storage at once. */
const MOST_AT_ONCE = 100

interface ReaderParts {
  readonly link: ScriptedLink
  readonly options: ReaderOptions
  /** Whether the broker gives entries out at all. */
  readonly dispatches: () => boolean
}

/**
 * A reader of a scripted topic. It sends as Pulsar's broker does: with n permits it reads up to n entries at once and sends them
 * all, however many messages they have, so that the permits may become negative.
 */
export class ScriptedReader implements EntryReader, Follower, Connected {
  /** The permits that the broker counts now. */
  permits = 0
  /** Every number of messages that was permitted. */
  readonly permitted: number[] = []
  /** The bytes of all entries that were sent. */
  sentBytes = 0
  closed = false
  #at: EntryPlace
  #sending = false
  readonly #name: string
  readonly #topic: ScriptedTopic
  readonly #link: ScriptedLink
  readonly #options: ReaderOptions
  readonly #dispatches: () => boolean

  constructor(name: string, topic: ScriptedTopic, parts: ReaderParts) {
    this.#name = name
    this.#topic = topic
    this.#link = parts.link
    this.#options = parts.options
    this.#dispatches = parts.dispatches
    const { start } = parts.options
    this.#at = start === 'earliest' ? { ledger: 0, entry: 0 } : start === 'latest' ? topic.next : start
    topic.followers.add(this)
    this.#link.connected.add(this)
  }

  /** Whether this is the one reader of a topic that has this subscription. */
  has(topic: string, subscription: string): boolean {
    return this.#name === topic && this.#options.subscription === subscription
  }

  permit(messages: number): void {
    this.permitted.push(messages)
    this.permits += messages
    void this.#send()
  }

  last(waits?: Waits): Promise<LastEntry | undefined> {
    const asked = this.#link.call({ kind: 'last', topic: this.#name }, () => {
      const last = this.#topic.entries.at(-1)
      return last && { ...last.place, index: last.messages.length - 1 }
    })
    return abortable(asked, waits?.signal)
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.#leave()
    // A connection that is lost has nothing left on the broker.
    await this.#link.call({ kind: 'close', topic: this.#name }, () => {}).catch(() => {})
  }

  stored(): void {
    void this.#send()
  }

  lost(error: unknown): void {
    if (this.closed) return
    this.#leave()
    this.#options.ended(error)
  }

  #leave(): void {
    this.closed = true
    this.#topic.followers.delete(this)
    this.#link.connected.delete(this)
  }

  async #send(): Promise<void> {
    if (this.#sending || !this.#dispatches()) return
    this.#sending = true
    try {
      while (!this.closed && this.permits > 0 && this.#topic.from(this.#at) !== undefined) {
        await this.#link.arrives()
        for (let left = Math.min(this.permits, MOST_AT_ONCE); left > 0 && !this.closed; left--)
          this.#sendOne()
      }
    } catch {
      // The connection was lost: `ended` has told the user.
    } finally {
      this.#sending = false
    }
  }

  #sendOne(): void {
    const entry = this.#topic.from(this.#at)
    if (entry === undefined) return
    this.#at = { ledger: entry.place.ledger, entry: entry.place.entry + 1 }
    const received = receivedEntry(entry)
    this.permits -= received.count
    this.sentBytes += received.bytes
    this.#options.entry(received)
  }
}
