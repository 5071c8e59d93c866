import { checkPartition, readPerTopic, writePerTopic } from './per-topic.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'

export const LIST_OFFSETS_KEY = 2
/** Kafka 3.0 and later. Later versions add only times that this package does not ask for. */
export const LIST_OFFSETS_VERSION = 7

/** The place in a log that is asked for: its first record, or behind its last one. */
export type OffsetPlace = 'earliest' | 'latest'
/** The times by which the protocol names these places. */
const TIMES: Readonly<Record<OffsetPlace, number>> = { earliest: -2, latest: -1 }

export interface ListOffsetsTopic {
  readonly topic: string
  /** The leader epoch that this client knows; −1 for no check. */
  readonly currentLeaderEpoch: number
  readonly place: OffsetPlace
}

export interface ListOffsetsOptions {
  /** By `committed`, `latest` is the last stable offset; by `uncommitted`, it is the high watermark. */
  readonly isolation: 'committed' | 'uncommitted'
  readonly topics: readonly ListOffsetsTopic[]
}

export interface OffsetResult {
  readonly topic: string
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  /** −1 with an error. */
  readonly offset: number
  /** −1 when the broker does not know it. */
  readonly leaderEpoch: number
}

export interface ListOffsetsAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly results: readonly OffsetResult[]
}

/** Asks leaders where their topics begin or end. */
export function listOffsetsRequest(options: ListOffsetsOptions): KafkaRequest<ListOffsetsAnswer> {
  return {
    name: 'ListOffsets',
    key: LIST_OFFSETS_KEY,
    version: LIST_OFFSETS_VERSION,
    flexible: true,
    encode(to) {
      // No replica: a consumer.
      to.int32(-1)
      to.int8(options.isolation === 'committed' ? 1 : 0)
      writePerTopic(to, {
        topics: options.topics,
        topic: ({ topic }) => to.compactString(topic),
        partition({ currentLeaderEpoch, place }) {
          to.int32(currentLeaderEpoch)
          to.int64(TIMES[place])
        },
      })
      to.noTags()
    },
    decode: readAnswer,
  }
}

function readAnswer(from: WireReader): ListOffsetsAnswer {
  const throttleMs = from.int32()
  const results = readPerTopic(from, {
    topic: () => from.compactString(),
    smallest: 27,
    partition(topic) {
      checkPartition(from)
      const errorCode = from.int16()
      // The time of the record, which the broker tells only when it was searched for by time.
      from.safeInt64()
      const result = { topic, errorCode, offset: from.safeInt64(), leaderEpoch: from.int32() }
      from.tags()
      return result
    },
  })
  from.tags()
  return { throttleMs, results }
}
