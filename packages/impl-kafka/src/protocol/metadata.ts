import { NO_TOPIC_ID } from './per-topic.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'

export const METADATA_KEY = 3
/** Kafka 3.1 and later. The first version that knows topic ids at the server too. */
export const METADATA_VERSION = 12

/** A broker that can be reached. */
export interface BrokerEndpoint {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface PartitionMetadata {
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  readonly partition: number
  /** The node of the leader; −1 when there is none. */
  readonly leaderId: number
  /** Rises with every new leader; −1 when the broker does not know it. */
  readonly leaderEpoch: number
  /** The nodes that have the partition, and those of them that have all of it. */
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export interface TopicMetadata {
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  readonly name: string
  /** 32 hexadecimal digits. A topic that is deleted and created again has another id. `NO_TOPIC_ID` with an error. */
  readonly topicId: string
  /** Whether the topic is one of Kafka's own. */
  readonly internal: boolean
  readonly partitions: readonly PartitionMetadata[]
}

export interface MetadataAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly brokers: readonly BrokerEndpoint[]
  readonly clusterId: string | null
  /** −1 when the cluster has none. */
  readonly controllerId: number
  readonly topics: readonly TopicMetadata[]
}

/**
 * Asks where topics and brokers are. `topics` are names; `'all'` asks for every topic, an empty list for the brokers alone. A
 * topic that is missing is never created by this request.
 */
export function metadataRequest(topics: readonly string[] | 'all'): KafkaRequest<MetadataAnswer> {
  return {
    name: 'Metadata',
    key: METADATA_KEY,
    version: METADATA_VERSION,
    flexible: true,
    encode(to) {
      if (topics === 'all') to.unsignedVarint(0)
      else
        to.compactArray(topics, (name) => {
          to.uuid(NO_TOPIC_ID)
          to.compactNullableString(name)
          to.noTags()
        })
      // Neither create a topic that is missing, nor tell what this client may do with it.
      to.bool(false)
      to.bool(false)
      to.noTags()
    },
    decode: readAnswer,
  }
}

function readAnswer(from: WireReader): MetadataAnswer {
  const throttleMs = from.int32()
  const brokers = from.compactArray(11, () => {
    const broker = readEndpoint(from)
    from.tags()
    return broker
  })
  const clusterId = from.compactNullableString()
  const controllerId = from.int32()
  const topics = from.compactArray(26, () => readTopic(from))
  from.tags()
  return { throttleMs, brokers, clusterId, controllerId, topics }
}

/** A node with host, port and rack, as several answers have it. The rack is not told. */
export function readEndpoint(from: WireReader): BrokerEndpoint {
  const broker = { nodeId: from.int32(), host: from.compactString(), port: from.int32() }
  from.compactNullableString()
  return broker
}

function readTopic(from: WireReader): TopicMetadata {
  const errorCode = from.int16()
  // The name is null only when a topic was asked for by its id.
  const name = from.compactString()
  const topicId = from.uuid()
  const internal = from.bool()
  const partitions = from.compactArray(18, () => readPartition(from))
  // What this client may do with the topic, which was not asked for.
  from.int32()
  from.tags()
  return { errorCode, name, topicId, internal, partitions }
}

function readPartition(from: WireReader): PartitionMetadata {
  const partition = {
    errorCode: from.int16(),
    partition: from.int32(),
    leaderId: from.int32(),
    leaderEpoch: from.int32(),
    replicas: from.compactInt32Array(),
    inSync: from.compactInt32Array(),
  }
  // The replicas that are offline.
  from.compactInt32Array()
  from.tags()
  return partition
}
