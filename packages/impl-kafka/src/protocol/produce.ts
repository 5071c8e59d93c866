import { type BrokerEndpoint, readEndpoint } from './metadata.js'
import { checkPartition, readPerTopic, writePerTopic } from './per-topic.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'
import type { WireWriter } from './wire-writer.js'

export const PRODUCE_KEY = 0

/**
 * The versions that differ for this package. 9 has no more than the others. From 10 on (Kafka 3.7), the answer to a former leader
 * names the new one. From 13 on (Kafka 4.1), topics are named by their ids, so a batch for a topic that was deleted and created
 * again is refused with `UNKNOWN_TOPIC_ID`, where the others store it in the new topic.
 */
export type ProduceVersion = 9 | 10 | 13

/** The best version for a broker whose highest is `highest`; undefined when the broker is older than Kafka 2.8. */
export function produceVersion(highest: number): ProduceVersion | undefined {
  if (highest >= 13) return 13
  if (highest >= 10) return 10
  return highest >= 9 ? 9 : undefined
}

/** A record batch for the only partition of a topic. */
export interface TopicBatch {
  readonly topic: string
  /** 32 hexadecimal digits. Used from version 13 on. */
  readonly topicId: string
  /** What `encodeRecordBatch` made. It is not copied and may not change until the request was sent. */
  readonly batch: Buffer
}

export interface ProduceOptions {
  readonly version: ProduceVersion
  /** How long the leader waits for the other replicas, in milliseconds. */
  readonly timeoutMs: number
  /** One batch for each topic. */
  readonly batches: readonly TopicBatch[]
}

/** A record that the broker refused, and with it the whole batch. */
export interface RecordRefusal {
  /** The record's place in the batch, from 0. */
  readonly index: number
  readonly message: string | null
}

/** The leader of a partition. */
export interface Leadership {
  /** −1 when there is none. */
  readonly leaderId: number
  readonly leaderEpoch: number
}

export interface ProduceResult {
  /** The topic's name, or its id from version 13 on. */
  readonly topic: string
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  readonly errorMessage: string | null
  /** The offset of the batch's first record; −1 with an error. */
  readonly baseOffset: number
  /** When the broker stored the batch, in milliseconds since 1970; −1 when the topic keeps the times of its producers. */
  readonly logAppendTime: number
  /** The first offset that the partition has. */
  readonly logStartOffset: number
  readonly recordErrors: readonly RecordRefusal[]
  /** The leader, when the broker is not the leader and knows who is. */
  readonly currentLeader: Leadership | undefined
}

export interface ProduceAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly results: readonly ProduceResult[]
  /** Where the new leaders are that the results name. */
  readonly leaders: readonly BrokerEndpoint[]
}

/**
 * Stores a batch in each of several topics. The answer comes when all in-sync replicas have the batches (`acks` is −1), or the
 * time is up.
 */
export function produceRequest(options: ProduceOptions): KafkaRequest<ProduceAnswer> {
  const { version } = options
  return {
    name: 'Produce',
    key: PRODUCE_KEY,
    version,
    flexible: true,
    encode: (to) => writeRequest(to, options),
    decode: (from) => readAnswer(from, version),
  }
}

function writeRequest(to: WireWriter, { version, timeoutMs, batches }: ProduceOptions): void {
  // No transaction.
  to.compactNullableString(null)
  to.int16(-1)
  to.int32(timeoutMs)
  writePerTopic(to, {
    topics: batches,
    topic: ({ topic, topicId }) => (version >= 13 ? to.uuid(topicId) : to.compactString(topic)),
    partition: ({ batch }) => to.compactBytes(batch),
  })
  to.noTags()
}

function readAnswer(from: WireReader, version: ProduceVersion): ProduceAnswer {
  const results = readPerTopic(from, {
    topic: () => (version >= 13 ? from.uuid() : from.compactString()),
    smallest: 33,
    partition: (topic) => readResult(from, topic),
  })
  const throttleMs = from.int32()
  let leaders: readonly BrokerEndpoint[] = []
  from.tags((tag) => {
    if (tag === 0) leaders = from.compactArray(11, () => readLeader(from))
  })
  return { throttleMs, results, leaders }
}

function readLeader(from: WireReader): BrokerEndpoint {
  const leader = readEndpoint(from)
  from.tags()
  return leader
}

function readResult(from: WireReader, topic: string): ProduceResult {
  checkPartition(from)
  const errorCode = from.int16()
  const baseOffset = from.safeInt64()
  const logAppendTime = from.safeInt64()
  const logStartOffset = from.safeInt64()
  const recordErrors = from.compactArray(6, () => {
    const refusal = { index: from.int32(), message: from.compactNullableString() }
    from.tags()
    return refusal
  })
  const errorMessage = from.compactNullableString()
  let currentLeader: Leadership | undefined
  from.tags((tag) => {
    if (tag === 0) currentLeader = readLeadership(from)
  })
  return {
    topic,
    errorCode,
    errorMessage,
    baseOffset,
    logAppendTime,
    logStartOffset,
    recordErrors,
    currentLeader,
  }
}

/** The leader of a partition, as a tagged field has it. */
export function readLeadership(from: WireReader): Leadership {
  const leader = { leaderId: from.int32(), leaderEpoch: from.int32() }
  from.tags()
  return leader
}
