import type { WireReader } from './wire-reader.js'
import type { WireWriter } from './wire-writer.js'

/** The only partition that this package uses of a topic. */
export const PARTITION = 0

/** The topic id that Kafka gives out where there is none. */
export const NO_TOPIC_ID = '0'.repeat(32)

/** A list of topics, each with the one partition that is used, as most requests have it. */
export interface TopicList<T> {
  readonly topics: readonly T[]
  /** Writes the topic's name or id. */
  topic(item: T): void
  /** Writes what follows the partition's number. */
  partition(item: T): void
}

export function writePerTopic<T>(to: WireWriter, { topics, topic, partition }: TopicList<T>): void {
  to.compactArray(topics, (item) => {
    topic(item)
    to.compactArray([item], () => {
      to.int32(PARTITION)
      partition(item)
      to.noTags()
    })
    to.noTags()
  })
}

/** How the partitions of an answer are read. */
export interface TopicAnswers<T> {
  /** Reads the topic's name or id. */
  topic(): string
  /** The fewest bytes that a partition takes. */
  readonly smallest: number
  /** Reads a partition and its tagged fields. `topic` is its topic's name or id. */
  partition(topic: string): T
}

/**
 * Reads what an answer says about partitions, of all topics in one list. An answer about another partition than the one that is
 * used is malformed: nobody asked for it. So each `partition` checks its number with `checkPartition`.
 */
export function readPerTopic<T>(from: WireReader, { topic, smallest, partition }: TopicAnswers<T>): T[] {
  const all: T[] = []
  // A topic takes three bytes at least: its name, its list of partitions, its tagged fields.
  from.compactArray(3, () => {
    const name = topic()
    from.compactArray(smallest, () => all.push(partition(name)))
    from.tags()
  })
  return all
}

/** Reads the number of a partition. */
export function checkPartition(from: WireReader): void {
  const index = from.int32()
  if (index !== PARTITION) throw from.malformed(`it is about partition ${index}, which nobody asked for`)
}
