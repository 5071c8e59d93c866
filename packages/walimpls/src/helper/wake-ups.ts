import type { Runtime, Timer } from '../runtime/runtime.js'
import { Bell, type BellListener } from './bell.js'

/** How a backend is told that a log has grown. */
export interface WakeUpsParts {
  readonly runtime: Pick<Runtime, 'setTimeout' | 'random'>
  /** How often the logs that are waited for are looked at besides, since messages get lost. About: chance spreads it. */
  readonly pollMs: number
  /**
   * Asks the server for messages about a topic; each of them, when it is heard, goes to `wake`. Resolves when no further one
   * is missed. After a rejection it is called again at every poll, until it succeeds.
   */
  subscribe(topic: string): Promise<unknown>
  /** Nobody waits for that topic any more. */
  unsubscribe(topic: string): void
}

/** One scanner's ear, as a `BellListener`; `leave` when the scanner has ended. */
export interface WakeUpListener {
  heard(): void
  wait(signal: AbortSignal): Promise<void>
  leave(): void
}

interface Topic {
  readonly name: string
  readonly bell: Bell
  readonly look: () => Promise<string>
  /** Scanners that have not ended, and those of them that have waited. */
  scanners: number
  waited: number
  subscribed: boolean
  /** What the last look said; undefined when it failed. */
  looked: string | undefined
}

/**
 * Wakes the scanners of many logs by one subscription a log and one poll for all: by a message heard, by a look that says
 * something else than the one before, or when the connection was lost. How messages are subscribed to is the backend's.
 *
 * Nothing is missed: what is stored between a scanner's page and its subscription is found, since each subscription wakes
 * once when it holds; what is stored while the connection is away is found after `wakeAll`.
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
   * For a scanner that begins. It is subscribed when it waits for the first time: one that never waits costs nothing. `look`
   * is the poll: a text that differs as soon as the log has grown or is gone. When it rejects, the scanners look themselves.
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

  /** A message about this topic was heard. */
  wake(name: string): void {
    this.#topics.get(name)?.bell.ring()
  }

  /** Messages may have been missed. */
  wakeAll(): void {
    for (const { bell } of this.#topics.values()) bell.ring()
  }

  /** Ends the poll. Scanners that wait have to be closed besides. */
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
        // What was published before the subscription held was missed.
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
    // Those who were woken meanwhile have looked themselves.
    if (changed && bell.rings === rings) bell.ring()
  }
}

function newTopic(name: string, look: () => Promise<string>): Topic {
  return { name, look, bell: new Bell(), scanners: 0, waited: 0, subscribed: false, looked: '' }
}

interface Ends {
  /** It waits for the first time. */
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
