import type { RememberedProducer } from '../../src/protocol/describe-producers.js'
import type { FetchResult } from '../../src/protocol/fetch.js'
import type { OffsetResult } from '../../src/protocol/list-offsets.js'
import type { BrokerEndpoint, MetadataAnswer } from '../../src/protocol/metadata.js'
import { WireWriter } from '../../src/protocol/wire-writer.js'

/** The bodies of answers, as a broker writes them. */
type Write = (to: WireWriter) => void

function perTopic<T>(
  to: WireWriter,
  items: readonly T[],
  topic: (item: T) => void,
  partition: (item: T) => void,
) {
  to.compactArray(items, (item) => {
    topic(item)
    to.compactArray([item], () => {
      to.int32(0)
      partition(item)
    })
    to.noTags()
  })
}

export interface ProducedAnswer {
  readonly topic: string
  readonly errorCode: number
  readonly baseOffset: number
}

export const produced =
  (results: readonly ProducedAnswer[]): Write =>
  (to) => {
    perTopic(
      to,
      results,
      ({ topic }) => to.compactString(topic),
      ({ errorCode, baseOffset }) => {
        to.int16(errorCode)
        to.int64(baseOffset)
        to.int64(-1)
        to.int64(0)
        to.compactArray([], () => {})
        to.compactNullableString(null)
        to.noTags()
      },
    )
    to.int32(0)
    to.noTags()
  }

/** What a broker answers about one topic of a Fetch. */
export type Fetched = Omit<FetchResult, 'currentLeader' | 'preferredReplica'>

export const fetched =
  (answer: {
    readonly errorCode: number
    readonly sessionId: number
    readonly results: readonly Fetched[]
  }): Write =>
  (to) => {
    to.int32(0)
    to.int16(answer.errorCode)
    to.int32(answer.sessionId)
    perTopic(
      to,
      answer.results,
      ({ topicId }) => to.uuid(topicId),
      (result) => {
        to.int16(result.errorCode)
        to.int64(result.highWatermark)
        to.int64(result.lastStableOffset)
        to.int64(result.logStartOffset)
        to.compactArray(result.aborted, ({ producerId, firstOffset }) => {
          to.int64(producerId)
          to.int64(firstOffset)
          to.noTags()
        })
        to.int32(-1)
        to.compactBytes(result.records)
        const diverging = result.divergingEpoch
        to.unsignedVarint(diverging === undefined ? 0 : 1)
        if (diverging === undefined) return
        to.unsignedVarint(0)
        to.unsignedVarint(13)
        to.int32(diverging.epoch)
        to.int64(diverging.endOffset)
        to.noTags()
      },
    )
    to.noTags()
  }

export const offsets =
  (results: readonly OffsetResult[]): Write =>
  (to) => {
    to.int32(0)
    perTopic(
      to,
      results,
      ({ topic }) => to.compactString(topic),
      ({ errorCode, offset, leaderEpoch }) => {
        to.int16(errorCode)
        to.int64(-1)
        to.int64(offset)
        to.int32(leaderEpoch)
        to.noTags()
      },
    )
    to.noTags()
  }

export const metadata =
  ({ brokers, clusterId, controllerId, topics }: Omit<MetadataAnswer, 'throttleMs'>): Write =>
  (to) => {
    to.int32(0)
    to.compactArray(brokers, ({ nodeId, host, port }) => {
      to.int32(nodeId)
      to.compactString(host)
      to.int32(port)
      to.compactNullableString(null)
      to.noTags()
    })
    to.compactNullableString(clusterId)
    to.int32(controllerId)
    to.compactArray(topics, ({ errorCode, name, topicId, internal, partitions }) => {
      to.int16(errorCode)
      to.compactString(name)
      to.uuid(topicId)
      to.bool(internal)
      to.compactArray(partitions, (partition) => {
        to.int16(partition.errorCode)
        to.int32(partition.partition)
        to.int32(partition.leaderId)
        to.int32(partition.leaderEpoch)
        to.compactInt32Array(partition.replicas)
        to.compactInt32Array(partition.inSync)
        to.compactInt32Array([])
        to.noTags()
      })
      to.int32(0)
      to.noTags()
    })
    to.noTags()
  }

export const coordinators =
  (ids: readonly string[], { nodeId, host, port }: BrokerEndpoint, errorCode: number): Write =>
  (to) => {
    to.int32(0)
    to.compactArray(ids, (id) => {
      to.compactString(id)
      to.int32(errorCode === 0 ? nodeId : -1)
      to.compactString(host)
      to.int32(port)
      to.int16(errorCode)
      to.compactNullableString(null)
      to.noTags()
    })
    to.noTags()
  }

export const producerId =
  (errorCode: number, id: bigint, epoch: number): Write =>
  (to) => {
    to.int32(0)
    to.int16(errorCode)
    to.int64(id)
    to.int16(epoch)
    to.noTags()
  }

export interface DescribedTopic {
  readonly topic: string
  readonly errorCode: number
  readonly producers: readonly RememberedProducer[]
}

export const described =
  (results: readonly DescribedTopic[]): Write =>
  (to) => {
    to.int32(0)
    perTopic(
      to,
      results,
      ({ topic }) => to.compactString(topic),
      ({ errorCode, producers }) => {
        to.int16(errorCode)
        to.compactNullableString(null)
        to.compactArray(producers, (producer) => {
          to.int64(producer.producerId)
          to.int32(producer.producerEpoch)
          to.int32(producer.lastSequence)
          to.int64(producer.lastTimestamp)
          to.int32(0)
          to.int64(producer.transactionStartOffset)
          to.noTags()
        })
        to.noTags()
      },
    )
    to.noTags()
  }

/** Lists of the older form have four bytes of length. */
function list<T>(to: WireWriter, items: readonly T[], write: (item: T) => void): void {
  to.int32(items.length)
  for (const item of items) write(item)
}

export interface TopicError {
  readonly topic: string
  readonly errorCode: number
}

export const topicsCreated =
  (results: readonly TopicError[]): Write =>
  (to) => {
    to.int32(0)
    list(to, results, ({ topic, errorCode }) => {
      to.string(topic)
      to.int16(errorCode)
      to.nullableString(null)
    })
  }

export const topicsDeleted =
  (results: readonly TopicError[]): Write =>
  (to) => {
    to.int32(0)
    list(to, results, ({ topic, errorCode }) => {
      to.string(topic)
      to.int16(errorCode)
    })
  }

export interface ConfigAnswer {
  readonly type: number
  readonly name: string
  readonly errorCode: number
  readonly settings: ReadonlyMap<string, string>
}

export const configs =
  (resources: readonly ConfigAnswer[]): Write =>
  (to) => {
    to.int32(0)
    list(to, resources, ({ type, name, errorCode, settings }) => {
      to.int16(errorCode)
      to.nullableString(null)
      to.int8(type)
      to.string(name)
      list(to, [...settings], ([key, value]) => {
        to.string(key)
        to.string(value)
        to.bool(false)
        to.int8(1)
        to.bool(false)
        list(to, [], () => {})
      })
    })
  }

export const recordsDeleted =
  (results: readonly (TopicError & { readonly low: number })[]): Write =>
  (to) => {
    to.int32(0)
    list(to, results, ({ topic, errorCode, low }) => {
      to.string(topic)
      list(to, [topic], () => {
        to.int32(0)
        to.int64(low)
        to.int16(errorCode)
      })
    })
  }

/** A whole answer as it goes over the connection. */
export function answerFrame(correlation: number, flexible: boolean, write: Write): Buffer {
  const to = new WireWriter()
  to.int32(0)
  to.int32(correlation)
  if (flexible) to.noTags()
  write(to)
  const bytes = Buffer.concat(to.finish())
  bytes.writeInt32BE(bytes.length - 4, 0)
  return bytes
}
