import {
  checkChannelName,
  type OpenerImpls,
  type Runtime,
  type Waits,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { Lifetime, type NumberId } from '@wal/walimpls/helper'
import type { Cluster } from './client/cluster.js'
import type { Deadline } from './client/deadline.js'
import { mapError } from './client/error-table.js'
import type { FullKafkaOptions } from './client/options.js'
import type { TopicState } from './client/topic-memory.js'
import { KafkaReadOnlyWAL } from './read-only-wal.js'
import { Shared } from './shared.js'
import { openTransaction } from './topic/open-transaction.js'
import { readSettings } from './topic/settings.js'
import { KafkaWAL } from './wal.js'

/** The least max.message.bytes of a topic that is written to: with less, hardly a time tick and its properties have room. */
const MIN_MESSAGE_BYTES = 4 * 1024

/** An opener for the channels of a cluster: each is a topic of one partition. */
export class KafkaOpener implements OpenerImpls<NumberId> {
  readonly #shared: Shared
  readonly #lifetime: Lifetime

  constructor(cluster: Cluster, options: FullKafkaOptions, runtime: Runtime) {
    this.#shared = new Shared(cluster, options, runtime)
    this.#lifetime = new Lifetime({
      what: 'The opener',
      release: () => this.#shared.close(),
      mapped: mapError,
    })
  }

  openReadOnly(channel: string, waits?: Waits): Promise<KafkaReadOnlyWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        checkChannelName(channel)
        const deadline = this.#shared.cluster.deadline()
        const topic = await this.#shared.topics.find(channel, deadline)
        if (topic === undefined) throw noChannel(channel)
        return new KafkaReadOnlyWAL(await this.#parts(topic, deadline))
      },
      `opening the topic ${channel}`,
    )
  }

  /** Makes the topic when it is missing. The first batch takes the fence. */
  open(channel: string, writer: Writer, waits?: Waits): Promise<KafkaWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        checkChannelName(channel)
        const deadline = this.#shared.cluster.deadline()
        const topic = await this.#shared.topics.make(channel, deadline)
        const parts = await this.#parts(topic, deadline)
        checkBatchSize(channel, parts.settings.maxMessageBytes)
        return new KafkaWAL(parts, writer)
      },
      `opening the topic ${channel}`,
    )
  }

  list(waits?: Waits): Promise<readonly string[]> {
    return this.#lifetime.during(waits, () => this.#shared.topics.list(), 'listing channels')
  }

  delete(channel: string, waits?: Waits): Promise<void> {
    return this.#lifetime.during(
      waits,
      async () => {
        checkChannelName(channel)
        if (!(await this.#shared.topics.delete(channel))) throw noChannel(channel)
      },
      `deleting the topic ${channel}`,
    )
  }

  async close(): Promise<void> {
    const { runtime, cluster } = this.#shared
    await this.#lifetime.closeSoon(runtime, () => cluster.close())
  }

  async #parts(topic: TopicState, deadline: Deadline) {
    const { cluster, runtime } = this.#shared
    const [settings, transaction] = await Promise.all([
      readSettings(cluster, topic, deadline),
      openTransaction(cluster, topic, runtime.now()),
    ])
    if (settings.cleanup !== undefined && settings.cleanup !== 'delete')
      throw new WalError(
        'WAL_INVALID_ARGUMENT',
        `the topic ${topic.name} is compacted (cleanup.policy ${settings.cleanup}): the broker removes records from its middle, and a log must keep them. Set cleanup.policy to delete, or choose another channel.`,
      )
    return { shared: this.#shared, topic, settings, transaction, opener: this.#lifetime }
  }
}

function checkBatchSize(topic: string, maxMessageBytes: number | undefined): void {
  if (maxMessageBytes === undefined || maxMessageBytes >= MIN_MESSAGE_BYTES) return
  throw new WalError(
    'WAL_INVALID_ARGUMENT',
    `the topic ${topic} takes batches of a few bytes only (max.message.bytes ${maxMessageBytes}), and a log’s own records need ${MIN_MESSAGE_BYTES}. Raise max.message.bytes of the topic, or choose another channel.`,
  )
}

function noChannel(channel: string): WalError {
  return new WalError(
    'WAL_CHANNEL_NOT_FOUND',
    `There is no topic "${channel}" in the cluster. Opening it for writing makes it.`,
  )
}
