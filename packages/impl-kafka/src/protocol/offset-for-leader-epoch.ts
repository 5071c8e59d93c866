import { checkPartition, readPerTopic, writePerTopic } from './per-topic.js'
import type { KafkaRequest } from './request.js'
import type { WireReader } from './wire-reader.js'

export const OFFSET_FOR_LEADER_EPOCH_KEY = 23
/** Kafka 2.8 and later. */
export const OFFSET_FOR_LEADER_EPOCH_VERSION = 4

export interface LeaderEpochTopic {
  readonly topic: string
  /** The leader epoch that this client knows; −1 for no check. */
  readonly currentLeaderEpoch: number
  /** The epoch whose end is asked for. */
  readonly leaderEpoch: number
}

export interface LeaderEpochResult {
  readonly topic: string
  /** An error code of the protocol, 0 for none. */
  readonly errorCode: number
  /** The highest epoch, not above the one asked for, that the leader's log has; −1 when it has none. */
  readonly leaderEpoch: number
  /** The offset behind that epoch's last record; −1 when it is not known. */
  readonly endOffset: number
}

export interface LeaderEpochAnswer {
  /** How long the broker held or will hold this client's requests back because of a quota, in milliseconds. */
  readonly throttleMs: number
  readonly results: readonly LeaderEpochResult[]
}

/**
 * Asks leaders where a leader epoch ended in their logs. A client that has read further in that epoch has read records that the
 * log lost since.
 */
export function leaderEpochRequest(topics: readonly LeaderEpochTopic[]): KafkaRequest<LeaderEpochAnswer> {
  return {
    name: 'OffsetForLeaderEpoch',
    key: OFFSET_FOR_LEADER_EPOCH_KEY,
    version: OFFSET_FOR_LEADER_EPOCH_VERSION,
    flexible: true,
    encode(to) {
      // No replica: a consumer.
      to.int32(-1)
      writePerTopic(to, {
        topics,
        topic: ({ topic }) => to.compactString(topic),
        partition({ currentLeaderEpoch, leaderEpoch }) {
          to.int32(currentLeaderEpoch)
          to.int32(leaderEpoch)
        },
      })
      to.noTags()
    },
    decode: readAnswer,
  }
}

function readAnswer(from: WireReader): LeaderEpochAnswer {
  const throttleMs = from.int32()
  const results = readPerTopic(from, {
    topic: () => from.compactString(),
    smallest: 19,
    partition(topic) {
      const errorCode = from.int16()
      checkPartition(from)
      const result = { topic, errorCode, leaderEpoch: from.int32(), endOffset: from.safeInt64() }
      from.tags()
      return result
    },
  })
  from.tags()
  return { throttleMs, results }
}
