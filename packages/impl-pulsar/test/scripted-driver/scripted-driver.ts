import { type Batch, type DriverChoice, type Runtime, systemRuntime, type Waits } from '@wal/walimpls'
import { abortable, recordTooLarge } from '@wal/walimpls/helper'
import type {
  Cursor,
  CursorOptions,
  EntryPlace,
  EntryProducer,
  EntryReader,
  PreparedEntry,
  ProducerOptions,
  PulsarDriver,
  ReaderOptions,
} from '../../src/driver/pulsar-driver.js'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import { ScriptedLink, type SeenCall } from './scripted-link.js'
import { type Prepared, ScriptedProducers, type SendScript } from './scripted-producers.js'
import { ScriptedReader } from './scripted-reader.js'
import { isBefore, ScriptedTopic } from './scripted-topic.js'

const MAX_MESSAGE_BYTES = 5 * 1024 * 1024

interface Kept {
  readonly topic: ScriptedTopic
  readonly producers: ScriptedProducers
  /** Where the durable subscription stands; undefined when there is none. */
  cursor: EntryPlace | undefined
}

/**
 * A driver over topics in memory, for unit tests: what a broker does is scripted here, and not proven. Tests change the topics
 * as accidents do, and say what becomes of calls (`link.onCall`) and of sends (`onSend`).
 */
export class ScriptedDriver implements PulsarDriver {
  readonly choice: DriverChoice = { name: 'protocol', reason: 'A test scripted the driver.' }
  readonly maxMessageBytes: number
  readonly link: ScriptedLink
  /** Every reader that was ever opened. */
  readonly readers: ScriptedReader[] = []
  onSend: SendScript | undefined
  /** Answers false while the broker gives readers nothing, though they have permits. */
  onDispatch: (() => boolean) | undefined
  readonly #topics = new Map<string, Kept>()

  constructor(
    options: { readonly runtime?: Pick<Runtime, 'yield'>; readonly maxMessageBytes?: number } = {},
  ) {
    this.link = new ScriptedLink(options.runtime ?? systemRuntime)
    this.maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES
  }

  /** The topic of this name. It is made when it does not exist. */
  topic(name: string): ScriptedTopic {
    return this.#make(name).topic
  }

  producers(name: string): ScriptedProducers {
    return this.#make(name).producers
  }

  /** Deletes a topic. Whatever is open on it ends. */
  remove(name: string): void {
    this.#topics.delete(name)
    this.link.cut()
  }

  /** Where the durable subscription stands. */
  cursorOf(name: string): EntryPlace | undefined {
    return this.#topics.get(name)?.cursor
  }

  exists(topic: string, waits?: Waits): Promise<boolean> {
    return this.#call({ kind: 'exists', topic }, () => this.#topics.has(topic), waits)
  }

  list(namespace: string, waits?: Waits): Promise<readonly string[]> {
    const names = () =>
      [...this.#topics.keys()].filter((name) => name.startsWith(`persistent://${namespace}/`))
    return this.#call({ kind: 'list', topic: namespace }, names, waits)
  }

  cursor(topic: string, { make }: CursorOptions): Promise<Cursor> {
    return this.#call({ kind: 'cursor', topic }, () => {
      if (!make && this.#found(topic).cursor === undefined)
        throw new PulsarError('SubscriptionNotFound', 'Subscription does not exist')
      const kept = this.#make(topic)
      const found = kept.cursor !== undefined
      const { ledger, entry } = kept.topic.entries[0]?.place ?? kept.topic.next
      kept.cursor ??= { ledger, entry: entry - 1 }
      return this.#cursor(topic, kept, found)
    })
  }

  prepare(batch: Batch): PreparedEntry {
    const { count, bytes } = batch
    if (bytes > this.maxMessageBytes) throw recordTooLarge(bytes, this.maxMessageBytes)
    const prepared: Prepared = { count, bytes, batch }
    return prepared
  }

  producer(topic: string, options: ProducerOptions): Promise<EntryProducer> {
    return this.#call({ kind: 'producer', topic }, () => this.#found(topic).producers.register(options))
  }

  reader(topic: string, options: ReaderOptions): Promise<EntryReader> {
    return this.#call({ kind: 'reader', topic }, () => {
      const { subscription } = options
      if (subscription !== undefined && this.open.some((reader) => reader.has(topic, subscription)))
        throw new PulsarError('ConsumerBusy', 'Exclusive consumer is already connected')
      const reader = new ScriptedReader(topic, this.#found(topic).topic, {
        ...{ link: this.link, options },
        dispatches: () => this.onDispatch?.() ?? true,
      })
      this.readers.push(reader)
      return reader
    })
  }

  async close(): Promise<void> {
    this.link.close()
  }

  /** The readers that are open now. */
  get open(): readonly ScriptedReader[] {
    return this.readers.filter(({ closed }) => !closed)
  }

  #call<T>(call: SeenCall, handled: () => T | Promise<T>, waits?: Waits): Promise<T> {
    return abortable(this.link.call(call, handled), waits?.signal)
  }

  #cursor(topic: string, kept: Kept, found: boolean): Cursor {
    return {
      found,
      acknowledged: (waits) => this.#call({ kind: 'acknowledged', topic }, () => kept.cursor, waits),
      advance: (place, waits) =>
        this.#call(
          { kind: 'advance', topic },
          () => {
            if (kept.cursor !== undefined && isBefore(kept.cursor, place)) kept.cursor = place
          },
          waits,
        ),
      close: () => this.#call({ kind: 'close', topic }, () => {}).catch(() => {}),
    }
  }

  #make(name: string): Kept {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const { link } = this
    const topic = new ScriptedTopic()
    const producers = new ScriptedProducers({
      ...{ name, topic, link },
      script: () => this.onSend,
    })
    const kept: Kept = { topic, producers, cursor: undefined }
    this.#topics.set(name, kept)
    return kept
  }

  #found(name: string): Kept {
    const kept = this.#topics.get(name)
    if (kept === undefined) throw new PulsarError('TopicNotFound', 'Topic does not exist')
    return kept
  }
}
