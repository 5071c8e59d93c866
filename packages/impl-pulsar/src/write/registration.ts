import { type Runtime, WalError } from '@wal/walimpls'
import { backoffMs, CallFailure, deferred, sleep } from '@wal/walimpls/helper'
import type { Access, EntryProducer, PulsarDriver } from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'
import { openingTurn } from './opening-turn.js'

export interface RegistrationParts {
  readonly driver: Pick<PulsarDriver, 'producer' | 'reader'>
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic' | 'random'>
  /** The whole name of the topic. */
  readonly topic: string
  /** The name under which this writer's entries are stored. */
  readonly name: string
  /** How long a writer may try to take the fence, in milliseconds. */
  readonly requestTimeoutMs: number
}

/** With these errors a broker says that another producer has the topic. */
const TAKEN = ['ProducerFenced', 'ProducerBusy']

/**
 * A writer comes back no earlier than this, in milliseconds, after it lost its producer. A broker that closes a fenced producer's
 * connection may not have stored the topic epoch of the newer producer yet, and would let the old one in again.
 */
const COMING_BACK_MS = 100

/** How long an opener waits at most for the turns of others, in milliseconds. */
const TURN_PATIENCE_MS = 3000

/** How long a failed append waits for the answer whether its writer may come back, in milliseconds. */
const REFUSAL_PATIENCE_MS = 1000

/** How often, and how long, a refused opener asks for the free topic before it takes the fence again, in milliseconds. */
const FREE_PAUSE_MS = 50
const FREE_PATIENCE_MS = 300

/**
 * How often an opener takes the fence. Several openers that do so at once keep each other out: each one ends the others, and is
 * refused while one that it has ended is still there.
 */
const FENCES = 4

/**
 * The producer of a writer. It is registered by fencing once. After it was lost, it comes back only while no other producer was
 * let in since: fencing again would take the topic back from a successor in silence.
 */
export class Registration {
  readonly #parts: RegistrationParts
  readonly #where: string
  #current: EntryProducer | undefined
  /** The producer that was registered last, also when it was lost. */
  #latest: EntryProducer | undefined
  #lostAt = 0
  #fenced: WalError | undefined
  /** A producer that comes back, or has come back and was not asked for yet. */
  #returning: Promise<EntryProducer> | undefined
  readonly #ended = new WeakSet<EntryProducer>()
  #closing: Promise<void> = Promise.resolve()

  constructor(parts: RegistrationParts) {
    this.#parts = parts
    this.#where = `the topic ${parts.topic}`
  }

  /** The producer to send with; undefined before the first registration, and from the moment at which it was lost. */
  get current(): EntryProducer | undefined {
    return this.#current
  }

  /** Registers a producer: at the first time by fencing, later only when nobody else was let in. */
  async register(): Promise<EntryProducer> {
    if (this.#fenced !== undefined) throw this.#fenced
    const producer = await (this.#latest === undefined ? this.#takeFence() : this.#comeBack(this.#latest))
    this.#returning = undefined
    if (!this.#ended.has(producer)) this.#current = producer
    return producer
  }

  /**
   * Why the broker does not let a producer that was lost come back. A fenced writer, or one whose log has reached its quota, is told
   * by nothing but the end of its connection or of its producer. Undefined when the broker lets it in, which serves the next
   * `register`, or does not answer soon.
   */
  async refusal(): Promise<unknown> {
    if (this.#fenced !== undefined || this.#latest === undefined) return this.#fenced
    const asked = this.#comeBack(this.#latest).then(
      () => undefined,
      (error: unknown) => (error instanceof CallFailure ? undefined : error),
    )
    const { promise: late, resolve } = deferred()
    const timer = this.#parts.runtime.setTimeout(resolve, REFUSAL_PATIENCE_MS)
    const refused = await Promise.race([asked, late.then(() => undefined)])
    timer.clear()
    return refused
  }

  /** The producer is of no more use. Ends it, so that nothing of what it has in flight is stored later. */
  drop(producer: EntryProducer): void {
    if (this.#current !== producer) return
    this.#lose(producer)
    // A producer whose connection is gone fails to close, and has ended all the same.
    this.#closing = producer.close().catch(() => {})
  }

  /** From now on this writer sends nothing more. */
  fence(error: WalError): void {
    this.#fenced ??= error
    if (this.#current !== undefined) this.drop(this.#current)
  }

  async close(): Promise<void> {
    const returned = await this.#returning?.catch(() => undefined)
    await returned?.close().catch(() => {})
    if (this.#current !== undefined) this.drop(this.#current)
    await this.#closing
  }

  async #takeFence(): Promise<EntryProducer> {
    const { requestTimeoutMs } = this.#parts
    const patienceMs = Math.min(TURN_PATIENCE_MS, requestTimeoutMs / 3)
    const turn = await openingTurn({ ...this.#parts, patienceMs })
    try {
      return await this.#fenceOthers()
    } finally {
      // The reader ends with its connection at the latest.
      await turn?.close().catch(() => {})
    }
  }

  async #fenceOthers(): Promise<EntryProducer> {
    const { runtime, requestTimeoutMs } = this.#parts
    const end = runtime.monotonic() + requestTimeoutMs
    for (let fences = 1; ; fences++) {
      const producer = (await this.#registered('fencing')) ?? (await this.#takeFree())
      if (producer !== undefined) return producer
      if (fences === FENCES || runtime.monotonic() >= end)
        throw new WalError(
          'WAL_FENCED',
          `${this.#where}: another producer has the topic, and ${fences} attempts to take it over were refused.`,
        )
    }
  }

  /**
   * Waits until those that the fence has ended are gone. To fence again at the moment at which one of them leaves would stop the
   * broker's work on the topic for good.
   */
  async #takeFree(): Promise<EntryProducer | undefined> {
    const { runtime } = this.#parts
    const end = runtime.monotonic() + FREE_PATIENCE_MS
    while (runtime.monotonic() < end) {
      await sleep(runtime, backoffMs(runtime, 1, { firstMs: 2 * FREE_PAUSE_MS }))
      const producer = await this.#registered('free')
      if (producer !== undefined) return producer
    }
    return undefined
  }

  #comeBack(lost: EntryProducer): Promise<EntryProducer> {
    this.#returning ??= this.#returned(lost).catch((error: unknown) => {
      this.#returning = undefined
      throw error
    })
    return this.#returning
  }

  async #returned({ epoch }: EntryProducer): Promise<EntryProducer> {
    const { runtime } = this.#parts
    if (epoch === undefined)
      throw new WalError(
        'WAL_FENCED',
        `${this.#where}: the producer was lost, and this driver cannot tell whether another one was let in since.`,
      )
    await this.#closing
    const early = COMING_BACK_MS - (runtime.monotonic() - this.#lostAt)
    if (early > 0) await sleep(runtime, early)
    const producer = await this.#registered({ epoch })
    if (producer !== undefined) return producer
    throw new WalError(
      'WAL_FENCED',
      `${this.#where}: this writer lost its producer, and the broker does not let it come back: another one has the topic, or had it since.`,
    )
  }

  /** Undefined when another producer has the topic. */
  async #registered(access: Access): Promise<EntryProducer | undefined> {
    const { driver, topic, name } = this.#parts
    let ended = false
    let producer: EntryProducer | undefined
    try {
      producer = await driver.producer(topic, {
        access,
        name,
        ended: () => {
          ended = true
          if (producer !== undefined) this.#lost(producer)
        },
      })
    } catch (error) {
      if (error instanceof PulsarError && TAKEN.includes(error.code)) return undefined
      throw error
    }
    this.#latest = producer
    if (ended) this.#lost(producer)
    return producer
  }

  #lost(producer: EntryProducer): void {
    this.#ended.add(producer)
    if (this.#current === producer) this.#lose(producer)
    else this.#lostAt = this.#parts.runtime.monotonic()
  }

  #lose(producer: EntryProducer): void {
    if (this.#current !== producer) return
    this.#current = undefined
    this.#lostAt = this.#parts.runtime.monotonic()
  }
}
