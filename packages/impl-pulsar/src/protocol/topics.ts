import { invalidArgument } from '@wal/walimpls'
import { PulsarError } from '../driver/pulsar-error.js'
import { serverErrorName } from '../wire/server-errors.js'
import type { Connection } from './connection.js'
import type { Lookup } from './lookup.js'

/** The name of a partition of a topic: `orders-partition-0`. */
const PARTITION = /^(.*)-partition-(\d+)$/

/** What any broker knows of topics. */
export class Topics {
  readonly #lookup: Lookup

  constructor(lookup: Lookup) {
    this.#lookup = lookup
  }

  /** Whether there is such a topic. Rejects with `WAL_INVALID_ARGUMENT` when it is partitioned. */
  async exists(topic: string, signal: AbortSignal): Promise<boolean> {
    const connection = await this.#lookup.anyBroker(signal)
    const partitions = connection.tellsPartitions
      ? await partitionsOf({ connection, topic }, signal)
      : partitionsIn(await this.#listed(namespaceOf(topic), signal), topic)
    if (partitions === undefined) return false
    if (partitions > 0)
      throw invalidArgument(
        `The topic ${topic} has ${partitions} partitions, and the order of several is not known. A log needs a topic without partitions: choose another channel`,
      )
    return true
  }

  /** The whole names of the namespace’s persistent topics that have no partitions. */
  async list(namespace: string, signal: AbortSignal): Promise<readonly string[]> {
    const topics = await this.#listed(namespace, signal)
    return topics.filter((topic) => !PARTITION.test(topic))
  }

  async #listed(namespace: string, signal: AbortSignal): Promise<readonly string[]> {
    const connection = await this.#lookup.anyBroker(signal)
    const { topics } = await connection.ask('topicsOfNamespace', { namespace, mode: 0 }, signal)
    return topics.filter((topic) => topic.startsWith('persistent://'))
  }
}

function namespaceOf(topic: string): string {
  return topic.replace(/^persistent:\/\//, '').replace(/\/[^/]*$/, '')
}

/** The number of the topic’s partitions; undefined when there is no such topic. */
async function partitionsOf(
  { connection, topic }: { readonly connection: Connection; readonly topic: string },
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const asked = { topic, mayCreate: false }
    const { outcome, partitions, error, message } = await connection.ask('partitionedMetadata', asked, signal)
    if (outcome === 1) throw new PulsarError(serverErrorName(error), message ?? 'the request failed')
    return partitions ?? 0
  } catch (error) {
    if (error instanceof PulsarError && error.code === 'TopicNotFound') return undefined
    throw error
  }
}

/** The same for brokers that would make the topic when they are asked for its partitions, by the names of a namespace. */
function partitionsIn(topics: readonly string[], topic: string): number | undefined {
  const partitions = topics.filter((name) => PARTITION.exec(name)?.[1] === topic).length
  return partitions === 0 && !topics.includes(topic) ? undefined : partitions
}
