import { checkPartition, PARTITION, readPerTopic, writePerTopic } from './per-topic.js'
import { type Leadership, readLeadership } from './produce.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'
import type { WireWriter } from './wire-writer.js'

export const FETCH_KEY = 1
/** Kafka 3.1 and later. Topics are named by their ids. */
export const FETCH_VERSION = 13

/** `sessionId` and `sessionEpoch` of a request outside any fetch session. */
export const NO_FETCH_SESSION = { sessionId: 0, sessionEpoch: -1 } as const
/** `sessionId` and `sessionEpoch` of the request that begins a fetch session. */
export const NEW_FETCH_SESSION = { sessionId: 0, sessionEpoch: 0 } as const

/** What is asked for of the only partition of a topic. */
export interface FetchTopic {
  /** 32 hexadecimal digits. */
  readonly topicId: string
  /**
   * The leader epoch that this client knows. A broker that knows another one answers `FENCED_LEADER_EPOCH` or
   * `UNKNOWN_LEADER_EPOCH`. −1 for no check.
   */
  readonly currentLeaderEpoch: number
  /** The first offset that is wanted. */
  readonly offset: number
  /**
   * The leader epoch of the record before `offset`. When the leader's log is another one there, the answer has `divergingEpoch`
   * and no records. −1 for no check.
   */
  readonly lastFetchedEpoch: number
  /** How many bytes of records the answer may have of this topic. The first batch of an answer may be larger. */
  readonly maxBytes: number
}

export interface FetchOptions {
  /** How long the broker waits for `minBytes`, in milliseconds. */
  readonly maxWaitMs: number
  readonly minBytes: number
  /** How many bytes of records the answer may have in all. The first batch of an answer may be larger. */
  readonly maxBytes: number
  /**
   * `committed` gives out nothing behind the last stable offset, and tells of aborted transactions. `uncommitted` gives out all
   * that the in-sync replicas have.
   */
  readonly isolation: 'committed' | 'uncommitted'
  /** 0 outside a session, and to begin one. */
  readonly sessionId: number
  /** −1 outside a session, 0 to begin one, then 1, 2, … with each request of it, and 1 again after 2^31 − 1. */
  readonly sessionEpoch: number
  /** In a session: the topics that are new in it, or of which something else is wanted than before. */
  readonly topics: readonly FetchTopic[]
  /** The ids of topics that leave the session. */
  readonly forgotten: readonly string[]
}

/** A transaction whose records no reader of committed records gets. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** The last offset that the logs of leader and reader may have in common. */
export interface DivergingEpoch {
  readonly epoch: number
  readonly endOffset: number
}

export interface FetchResult {
  readonly topicId: string
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  /** The offset behind the last record that all in-sync replicas have. −1 with an error. */
  readonly highWatermark: number
  /** The offset behind the last record that belongs to no open transaction. −1 when it was not asked for. */
  readonly lastStableOffset: number
  /** The first offset that the partition has. −1 with an error. */
  readonly logStartOffset: number
  readonly divergingEpoch: DivergingEpoch | undefined
  /** The leader, when the broker is not the leader and knows who is. */
  readonly currentLeader: Leadership | undefined
  /** Sorted by nothing in particular. Empty when `isolation` is `uncommitted`. */
  readonly aborted: readonly AbortedTransaction[]
  /** The replica that the broker would rather have asked; −1 for none. */
  readonly preferredReplica: number
  /** Record batches, the last one perhaps cut off. A view of the answer, which it keeps in memory. */
  readonly records: Buffer
}

export interface FetchAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  /** An error code of the protocol for the whole request, of its session, say; 0 for none. */
  readonly errorCode: number
  /** The session that the request belongs to now; 0 when the broker has made none. */
  readonly sessionId: number
  /** In a session: only the topics about which there is something new. */
  readonly results: readonly FetchResult[]
}

/** Reads records of several topics, from their leader. */
export function fetchRequest(options: FetchOptions): KafkaRequest<FetchAnswer> {
  return {
    name: 'Fetch',
    key: FETCH_KEY,
    version: FETCH_VERSION,
    flexible: true,
    encode: (to) => writeRequest(to, options),
    decode: readAnswer,
  }
}

function writeRequest(to: WireWriter, options: FetchOptions): void {
  // No replica: a consumer.
  to.int32(-1)
  to.int32(options.maxWaitMs)
  to.int32(options.minBytes)
  to.int32(options.maxBytes)
  to.int8(options.isolation === 'committed' ? 1 : 0)
  to.int32(options.sessionId)
  to.int32(options.sessionEpoch)
  writePerTopic(to, {
    topics: options.topics,
    topic: ({ topicId }) => to.uuid(topicId),
    partition(topic) {
      to.int32(topic.currentLeaderEpoch)
      to.int64(topic.offset)
      to.int32(topic.lastFetchedEpoch)
      // The first offset of the log, which only replicas tell.
      to.int64(-1)
      to.int32(topic.maxBytes)
    },
  })
  to.compactArray(options.forgotten, (topicId) => {
    to.uuid(topicId)
    to.compactInt32Array([PARTITION])
    to.noTags()
  })
  // No rack.
  to.compactString('')
  to.noTags()
}

function readAnswer(from: WireReader): FetchAnswer {
  const throttleMs = from.int32()
  const errorCode = from.int16()
  const sessionId = from.int32()
  const results = readPerTopic(from, {
    topic: () => from.uuid(),
    smallest: 37,
    partition: (topicId) => readResult(from, topicId),
  })
  from.tags()
  return { throttleMs, errorCode, sessionId, results }
}

const NO_RECORDS = Buffer.alloc(0)

function readResult(from: WireReader, topicId: string): FetchResult {
  checkPartition(from)
  const errorCode = from.int16()
  const highWatermark = from.safeInt64()
  const lastStableOffset = from.safeInt64()
  const logStartOffset = from.safeInt64()
  const aborted = from.compactNullableArray(17, () => readAborted(from)) ?? []
  const preferredReplica = from.int32()
  const records = from.compactNullableBytes() ?? NO_RECORDS
  let divergingEpoch: DivergingEpoch | undefined
  let currentLeader: Leadership | undefined
  from.tags((tag) => {
    if (tag === 0) divergingEpoch = { epoch: from.int32(), endOffset: from.safeInt64() }
    if (tag === 1) currentLeader = readLeadership(from)
  })
  return {
    topicId,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    divergingEpoch,
    currentLeader,
    aborted,
    preferredReplica,
    records,
  }
}

function readAborted(from: WireReader): AbortedTransaction {
  const transaction = { producerId: from.int64(), firstOffset: from.safeInt64() }
  from.tags()
  return transaction
}
