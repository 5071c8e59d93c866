import { checkPartition, PARTITION, readPerTopic } from './per-topic.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'

export const DESCRIBE_PRODUCERS_KEY = 61
/** Kafka 2.8 and later. */
export const DESCRIBE_PRODUCERS_VERSION = 0

/** A producer that a partition remembers. */
export interface RememberedProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The sequence number of its last record; −1 when it has none since its epoch began. */
  readonly lastSequence: number
  /** When its last record was stored, in milliseconds since 1970; −1 when that is not known. */
  readonly lastTimestamp: number
  /** The first offset of its open transaction; −1 for none. */
  readonly transactionStartOffset: number
}

export interface ProducersResult {
  readonly topic: string
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  readonly errorMessage: string | null
  /** All producers that the leader remembers, in no order. */
  readonly producers: readonly RememberedProducer[]
}

export interface DescribeProducersAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly results: readonly ProducersResult[]
}

/** Asks leaders which producers their partitions remember. Needs the right to read the topic. */
export function describeProducersRequest(topics: readonly string[]): KafkaRequest<DescribeProducersAnswer> {
  return {
    name: 'DescribeProducers',
    key: DESCRIBE_PRODUCERS_KEY,
    version: DESCRIBE_PRODUCERS_VERSION,
    flexible: true,
    encode(to) {
      to.compactArray(topics, (topic) => {
        to.compactString(topic)
        to.compactInt32Array([PARTITION])
        to.noTags()
      })
      to.noTags()
    },
    decode(from) {
      const throttleMs = from.int32()
      const results = readPerTopic(from, {
        topic: () => from.compactString(),
        smallest: 9,
        partition: (topic) => readResult(from, topic),
      })
      from.tags()
      return { throttleMs, results }
    },
  }
}

function readResult(from: WireReader, topic: string): ProducersResult {
  checkPartition(from)
  const errorCode = from.int16()
  const errorMessage = from.compactNullableString()
  const producers = from.compactArray(37, () => readProducer(from))
  from.tags()
  return { topic, errorCode, errorMessage, producers }
}

function readProducer(from: WireReader): RememberedProducer {
  const producerId = from.int64()
  const producerEpoch = from.int32()
  const lastSequence = from.int32()
  const lastTimestamp = from.safeInt64()
  // The epoch of the coordinator, which says nothing about the producer.
  from.int32()
  const transactionStartOffset = from.safeInt64()
  from.tags()
  return { producerId, producerEpoch, lastSequence, lastTimestamp, transactionStartOffset }
}
