import type {
  Guarantees,
  Limits,
  ReadOnlyWALImpls,
  ScannerImpls,
  ScannerOptions,
  StoredMessage,
  Waits,
} from '@wal/walimpls'
import { type Lifetime, type NumberId, Refreshed } from '@wal/walimpls/helper'
import type { TopicState } from './client/topic-memory.js'
import { guaranteesOf } from './guarantees.js'
import { goneTopic } from './read/fetch-page.js'
import { LastRecord } from './read/last-records.js'
import { openScanner } from './read/scanner.js'
import { ToldEnd } from './read/told-end.js'
import type { Shared } from './shared.js'
import { type OpenTransaction, openTransaction } from './topic/open-transaction.js'
import { type LogSettings, readSettings } from './topic/settings.js'

/** The age at which a topic's settings are read again, in milliseconds. */
const SETTINGS_AGE_MS = 10_000
/** The most that a batch of more than one record may have, in bytes, when the topic takes much larger ones. */
const MAX_BATCH_BYTES = 1024 * 1024
const MAX_BATCH_MESSAGES = 10_000
/** What Kafka's format adds to a record at most beside the lengths of its texts, and to a batch. */
const RECORD_FRAMING_BYTES = 25
const BATCH_FRAMING_BYTES = 1024
/** A topic's max.message.bytes where the broker does not tell it: Kafka's default. */
const DEFAULT_MESSAGE_BYTES = 1_048_588
/** A broker's producer.id.expiration.ms where it does not tell it: Kafka's default, a day. */
const DEFAULT_EXPIRY_MS = 86_400_000

/** What an operator may change, or another application bring about, while the log is open. */
interface LogState {
  readonly settings: LogSettings
  readonly transaction: OpenTransaction | undefined
}

/** The state is the one at the time of the open. */
export interface LogParts extends LogState {
  readonly shared: Shared
  readonly topic: TopicState
  readonly opener: Lifetime
}

export class KafkaReadOnlyWAL implements ReadOnlyWALImpls<NumberId> {
  readonly channel: string
  readonly place: string
  readonly limits: Limits
  protected readonly lifetime: Lifetime
  readonly #last: LastRecord
  readonly #leader = new ToldEnd()
  readonly #state: Refreshed<LogState>

  constructor(protected readonly parts: LogParts) {
    const { shared, topic, settings, transaction, opener } = parts
    const { cluster, runtime, options } = shared
    this.channel = topic.name
    this.place = `${cluster.clusterId} ${topic.name} ${topic.id}`
    this.limits = limitsOf(settings, options.maxInFlightBatches)
    const forget = cluster.hold(topic)
    this.lifetime = opener.ofLog(topic.name, () => this.release().finally(forget))
    this.#last = new LastRecord(cluster)
    this.#state = new Refreshed<LogState>({
      runtime,
      maxAgeMs: SETTINGS_AGE_MS,
      initial: { settings, transaction },
      read: async () => {
        const topic = await this.ledTopic()
        const [settings, transaction] = await Promise.all([
          readSettings(cluster, topic),
          openTransaction(cluster, topic, runtime.now()),
        ])
        return { settings, transaction }
      },
    })
  }

  get guarantees(): Guarantees {
    const { settings, transaction } = this.#state.value
    return guaranteesOf(settings, transaction)
  }

  last(waits?: Waits): Promise<StoredMessage<NumberId> | undefined> {
    return this.lifetime.during(
      waits,
      async () => {
        const topic = await this.ledTopic()
        try {
          const { ends } = this.parts.shared.broker(topic.leader)
          return await this.#last.read(topic, { ends, soon: this.asksSoon, signal: waits?.signal })
        } catch (error) {
          // The leader may have changed: the next call asks who it is.
          this.parts.shared.cluster.forget(topic.name)
          throw error
        }
      },
      `reading the last record of the topic ${this.channel}`,
    )
  }

  read(options: ScannerOptions<NumberId>): ScannerImpls<NumberId> {
    const { shared, topic } = this.parts
    return openScanner({
      cluster: shared.cluster,
      topic: () => this.ledTopic(),
      name: topic.name,
      tailOf: (node) => shared.broker(node).tail,
      leader: this.#leader,
      options,
      log: this.lifetime,
    })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  /** Whether `last` asks the broker without a pause. A writer that looks after its log asks together with others. */
  protected get asksSoon(): boolean {
    return true
  }

  /** The topic with its present leader. Throws when the topic is another one than that which was opened. */
  protected async ledTopic(): Promise<TopicState> {
    const { shared, topic } = this.parts
    const found = await shared.cluster.ledTopic(topic.name)
    if (found?.id !== topic.id) throw goneTopic(topic.name, found !== undefined)
    return found
  }

  /** Releases what the log holds, when all scanners are closed. */
  protected async release(): Promise<void> {}
}

/**
 * A record of one-byte properties takes three times its bytes in Kafka's format, which puts a length before each key and each
 * value. So a batch of several records may have only a third of what the topic takes, less what each record adds.
 */
function limitsOf(
  { maxMessageBytes = DEFAULT_MESSAGE_BYTES, producerExpiryMs = DEFAULT_EXPIRY_MS }: LogSettings,
  maxInFlightBatches: number,
): Limits {
  // A topic that takes less than that is never written to, and can be read all the same.
  const room = Math.max(1, maxMessageBytes - BATCH_FRAMING_BYTES)
  const maxBatchMessages = Math.min(
    MAX_BATCH_MESSAGES,
    Math.max(1, Math.floor(room / 4 / RECORD_FRAMING_BYTES)),
  )
  const maxBatchBytes = Math.floor((room - maxBatchMessages * RECORD_FRAMING_BYTES) / 3)
  return {
    maxRecordBytes: room,
    maxBatchBytes: Math.max(1, Math.min(MAX_BATCH_BYTES, maxBatchBytes)),
    maxBatchMessages,
    maxInFlightBatches,
    maxIdleMs: producerExpiryMs,
  }
}
