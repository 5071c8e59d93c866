import type { Runtime, Timer } from '../runtime/runtime.js'
import { Bell, type BellListener } from './bell.js'

/** What a backend gives to its `WakeUps`. */
export interface WakeUpsParts {
  readonly runtime: Pick<Runtime, 'setTimeout' | 'random'>
  /**
   * The interval, in milliseconds, at which logs with waiting scanners are polled, since a server's messages may get lost. Each
   * interval is varied at random by up to a quarter.
   */
  readonly pollMs: number
  /**
   * Subscribes to the server's messages about a topic. For each message the backend calls `wake`. Resolves when the
   * subscription is active, so that no later message is missed. After a rejection, `subscribe` is called again at every poll
   * until it succeeds.
   */
  subscribe(topic: string): Promise<unknown>
  /** Ends the subscription to a topic, since no scanner waits for it any more. */
  unsubscribe(topic: string): void
}

/** The listener of one scanner, used as a `BellListener`. To be called when the scanner has ended: `leave`. */
export interface WakeUpListener {
  heard(): void
  wait(signal: AbortSignal): Promise<void>
  leave(): void
}

interface Topic {
  readonly name: string
  readonly bell: Bell
  readonly look: () => Promise<string>
  /** The number of scanners that have not ended, and below it the number of those that have waited at least once. */
  scanners: number
  waited: number
  subscribed: boolean
  /** The answer of the last `look`; undefined when it failed. */
  looked: string | undefined
}

/**
 * Wakes the scanners of many logs, with one subscription for each log and one poll timer for all. A scanner that waits is woken
 * by a message from the server, by a poll whose answer has changed, and when the connection was lost. The backend makes the
 * subscriptions.
 *
 * No wake-up is missed. A record stored between a scanner's page and its subscription is found, since a subscription wakes the
 * scanners once when it becomes active. A record stored while the connection was lost is found after `wakeAll`.
 */
export class WakeUps {
  readonly #parts: WakeUpsParts
  readonly #topics = new Map<string, Topic>()
  #timer: Timer | undefined
  #closed = false

  constructor(parts: WakeUpsParts) {
    this.#parts = parts
  }

  /**
   * Makes the listener of a new scanner. The log's topic is subscribed to when the scanner first waits, so a scanner that never
   * waits costs nothing. `look` is called at each poll; its text must change when the log has grown or was removed. When `look`
   * begins to fail, the scanners are woken too and read for themselves.
   */
  listener(name: string, look: () => Promise<string>): WakeUpListener {
    const topic = this.#topics.get(name) ?? newTopic(name, look)
    this.#topics.set(name, topic)
    topic.scanners++
    return new Listener(topic.bell.listener(this.#parts.runtime), {
      begins: () => this.#begin(topic),
      waits: () => {
        if (topic.bell.waits > 0) this.#timer ??= this.#nextPoll()
      },
      leaves: (waited) => this.#leave(topic, waited),
    })
  }

  /** Wakes the scanners of a topic. To be called when a message about the topic has arrived. */
  wake(name: string): void {
    this.#topics.get(name)?.bell.ring()
  }

  /** Wakes the scanners of all topics. To be called when messages may have been missed. */
  wakeAll(): void {
    for (const { bell } of this.#topics.values()) bell.ring()
  }

  /** Stops polling. Does not end waiting scanners: the backend closes them itself. */
  close(): void {
    this.#closed = true
    this.#timer?.clear()
  }

  #begin(topic: Topic): void {
    if (topic.waited++ === 0) this.#subscribe(topic)
  }

  #leave(topic: Topic, waited: boolean): void {
    if (waited && --topic.waited === 0) {
      topic.subscribed = false
      this.#parts.unsubscribe(topic.name)
    }
    if (--topic.scanners === 0) this.#topics.delete(topic.name)
  }

  #subscribe(topic: Topic): void {
    this.#parts.subscribe(topic.name).then(
      () => {
        topic.subscribed = true
        // A message that was published before the subscription was active has been missed.
        topic.bell.ring()
      },
      () => {
        topic.subscribed = false
      },
    )
  }

  #nextPoll(): Timer {
    const { runtime, pollMs } = this.#parts
    const poll = () => {
      void this.#poll().then(() => {
        const anyone = [...this.#topics.values()].some(({ bell }) => bell.waits > 0)
        this.#timer = anyone && !this.#closed ? this.#nextPoll() : undefined
      })
    }
    return runtime.setTimeout(poll, pollMs * (0.75 + runtime.random() / 2))
  }

  async #poll(): Promise<void> {
    await Promise.all([...this.#topics.values()].map((topic) => this.#look(topic)))
  }

  async #look(topic: Topic): Promise<void> {
    const { bell } = topic
    if (bell.waits === 0) return
    if (!topic.subscribed) this.#subscribe(topic)
    const { rings } = bell
    const looked = await topic.look().catch(() => undefined)
    const changed = looked !== topic.looked
    topic.looked = looked
    // When the bell has rung during the poll, the scanners have been woken already.
    if (changed && bell.rings === rings) bell.ring()
  }
}

function newTopic(name: string, look: () => Promise<string>): Topic {
  return { name, look, bell: new Bell(), scanners: 0, waited: 0, subscribed: false, looked: '' }
}

interface Ends {
  /** The scanner waits for the first time. */
  begins(): void
  waits(): void
  leaves(waited: boolean): void
}

class Listener implements WakeUpListener {
  readonly #ear: BellListener
  readonly #ends: Ends
  #waited = false
  #left = false

  constructor(ear: BellListener, ends: Ends) {
    this.#ear = ear
    this.#ends = ends
  }

  heard(): void {
    this.#ear.heard()
  }

  wait(signal: AbortSignal): Promise<void> {
    if (!this.#waited) {
      this.#waited = true
      this.#ends.begins()
    }
    const waiting = this.#ear.wait(signal)
    this.#ends.waits()
    return waiting
  }

  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#ends.leaves(this.#waited)
  }
}
