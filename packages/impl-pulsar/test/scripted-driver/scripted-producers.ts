import type { Batch } from '@wal/walimpls'
import { CallFailure, deferred } from '@wal/walimpls/helper'
import type {
  EntryPlace,
  EntryProducer,
  PreparedEntry,
  ProducerOptions,
} from '../../src/driver/pulsar-driver.js'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import type { Connected, ScriptedLink } from './scripted-link.js'
import type { ScriptedTopic } from './scripted-topic.js'

export interface SentEntry {
  readonly topic: string
  readonly producer: string
  readonly sequence: number
  readonly batch: Batch
}

/**
 * What becomes of a send. `store`: stored and answered. `copy`: answered without a place, as a copy. `silent`: stored and never
 * answered. `lose`: the connection breaks before the broker has it. `unanswered`: stored, and the connection breaks before the
 * answer. An error: the broker refuses it, and stores those behind it.
 */
export type SendFate = 'store' | 'copy' | 'silent' | 'lose' | 'unanswered' | PulsarError

/** What the broker does with a send. While the answer waits, so do those behind it. */
export type SendScript = (sent: SentEntry) => SendFate | Promise<SendFate>

export interface ScriptedProducersOptions {
  readonly name: string
  readonly topic: ScriptedTopic
  readonly link: ScriptedLink
  readonly script: () => SendScript | undefined
}

/**
 * The broker's table of a topic's producers, as Pulsar 4.0.0 keeps it: a producer that is fenced is not told, and one that has
 * sends in flight stays in the table until they are done. When it leaves, the broker forgets that it has an exclusive producer,
 * also when that is a newer one.
 */
export class ScriptedProducers {
  epoch = -1
  /** What the broker says to be the highest number: −1 without deduplication. */
  lastSequence = -1
  exclusive = false
  readonly table = new Set<ScriptedProducer>()
  readonly options: ScriptedProducersOptions

  constructor(options: ScriptedProducersOptions) {
    this.options = options
  }

  async register(options: ProducerOptions): Promise<EntryProducer> {
    const { access } = options
    if (access === 'fencing') this.#fence()
    else {
      if (this.exclusive) throw fenced('Topic has an existing exclusive producer')
      if (this.table.size > 0) throw fenced('Topic has existing shared producers')
      if (access === 'free') this.epoch++
      else if (access.epoch < this.epoch)
        throw fenced(
          `Topic epoch has already moved. Current epoch: ${this.epoch}, Producer epoch: ${access.epoch}`,
        )
    }
    if (this.table.size > 0)
      throw new PulsarError(
        'ProducerBusy',
        "Producer with name 'wal-writer' is already connected to the topic",
      )
    this.exclusive = true
    const producer = new ScriptedProducer(this, options)
    this.table.add(producer)
    return producer
  }

  leaves(producer: ScriptedProducer): void {
    if (this.table.delete(producer)) this.exclusive = false
  }

  #fence(): void {
    this.epoch++
    for (const each of [...this.table]) each.fence()
  }
}

/** A batch as the scripted driver prepares it. */
export interface Prepared extends PreparedEntry {
  readonly batch: Batch
}

class ScriptedProducer implements EntryProducer, Connected {
  readonly epoch: number
  readonly lastSequence: number
  readonly #producers: ScriptedProducers
  readonly #options: ProducerOptions
  /** Fenced: the broker refuses what comes, without having told the client. */
  #fenced = false
  #ended = false
  /** The connection is gone: what is on its way does not arrive. */
  #lost = false
  #inFlight = 0
  #turn: Promise<unknown> = Promise.resolve()
  #answers: Promise<unknown> = Promise.resolve()
  /** The numbers of sends that are never answered. */
  readonly #unanswered = new Set<number>()
  /** Rejects when the producer has ended. */
  readonly #broken = deferred<never>()

  constructor(producers: ScriptedProducers, options: ProducerOptions) {
    this.#producers = producers
    this.#options = options
    this.epoch = producers.epoch
    this.lastSequence = producers.lastSequence
    this.#broken.promise.catch(() => {})
    producers.options.link.connected.add(this)
  }

  send(entry: PreparedEntry, sequence: number): Promise<EntryPlace | undefined> {
    this.#inFlight++
    const handled = this.#turn.then(() => this.#handle(entry as Prepared, sequence))
    this.#turn = handled.catch(() => {})
    const answered = handled.then((place) =>
      this.#unanswered.has(sequence) ? this.#broken.promise : this.#answer(place),
    )
    return Promise.race([answered, this.#broken.promise]).finally(() => {
      this.#inFlight--
      if (this.#fenced && this.#inFlight === 0) this.#producers.leaves(this)
    })
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const { link, name } = this.#producers.options
    this.#end(new CallFailure('the producer was closed'))
    // The broker handles what was sent before.
    const leave = () => this.#turn.then(() => this.#producers.leaves(this))
    await link.call({ kind: 'close', topic: name }, leave).catch(() => {})
  }

  fence(): void {
    this.#fenced = true
    if (this.#inFlight === 0) this.#producers.leaves(this)
  }

  lost(error: unknown): void {
    this.#lost = true
    this.#producers.options.link.connected.delete(this)
    if (this.#ended) return
    this.#end(error)
    this.#producers.leaves(this)
    this.#options.ended(error)
  }

  #end(error: unknown): void {
    this.#ended = true
    this.#broken.reject(error)
  }

  /** Answers travel in order. */
  #answer(place: EntryPlace | undefined): Promise<EntryPlace | undefined> {
    const answer = this.#answers.then(() => this.#producers.options.link.arrives())
    this.#answers = answer.catch(() => {})
    return answer.then(() => place)
  }

  /** What the broker does with one send. Those behind it are handled when this has settled. */
  async #handle({ batch }: Prepared, sequence: number): Promise<EntryPlace | undefined> {
    const { name: topicName, topic, link, script } = this.#producers.options
    const { name } = this.#options
    if (this.#lost) return this.#broken.promise
    await link.arrives()
    if (this.#fenced) {
      // The broker does not know the producer any more, and closes the connection on which its send comes.
      link.cut(new CallFailure('the broker closed the connection: producer is not ready'))
      return this.#broken.promise
    }
    const fate = (await script()?.({ topic: topicName, producer: name, sequence, batch })) ?? 'store'
    if (this.#lost) return this.#broken.promise
    if (fate instanceof PulsarError) throw fate
    if (fate === 'copy') return undefined
    const place =
      fate === 'lose' ? undefined : topic.store({ producer: name, sequence, messages: batch.messages })
    if (fate === 'lose' || fate === 'unanswered') link.cut()
    else if (fate === 'silent') this.#unanswered.add(sequence)
    return place
  }
}

function fenced(message: string): PulsarError {
  return new PulsarError('ProducerFenced', message)
}
