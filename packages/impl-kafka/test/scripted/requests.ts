import type { FetchTopic } from '../../src/protocol/fetch.js'
import type { RequestReader } from './request-reader.js'

/** Reads a list of topics with one partition each, as most requests have it. */
function perTopic<T>(from: RequestReader, topic: () => string, partition: (topic: string) => T): T[] {
  return from
    .compactArray(() => {
      const name = topic()
      const partitions = from.compactArray(() => {
        if (from.int32() !== 0) throw new Error('a request names another partition than 0')
        const read = partition(name)
        from.noTags()
        return read
      })
      from.noTags()
      return partitions
    })
    .flat()
}

const text = (from: RequestReader) => () => from.compactString() ?? ''

/** The bodies of the requests, each as an object, by the request's name. */
export const READERS = {
  Produce(from: RequestReader) {
    const transactionalId = from.compactString()
    const acks = from.int16()
    const timeoutMs = from.int32()
    const batches = perTopic(from, text(from), (topic) => ({ topic, batch: from.compactBytes() }))
    from.noTags()
    return { transactionalId, acks, timeoutMs, batches }
  },
  Fetch(from: RequestReader) {
    from.int32()
    const maxWaitMs = from.int32()
    const minBytes = from.int32()
    const maxBytes = from.int32()
    const committed = from.int8() === 1
    const sessionId = from.int32()
    const sessionEpoch = from.int32()
    const topics = perTopic(from, from.uuid.bind(from), (topicId): FetchTopic => {
      const currentLeaderEpoch = from.int32()
      const offset = from.int64()
      const lastFetchedEpoch = from.int32()
      from.int64()
      return { topicId, currentLeaderEpoch, offset, lastFetchedEpoch, maxBytes: from.int32() }
    })
    const forgotten = from.compactArray(() => {
      const id = from.uuid()
      from.compactArray(from.int32)
      from.noTags()
      return id
    })
    from.compactString()
    from.noTags()
    return { maxWaitMs, minBytes, maxBytes, committed, sessionId, sessionEpoch, topics, forgotten }
  },
  ListOffsets(from: RequestReader) {
    from.int32()
    const committed = from.int8() === 1
    const topics = perTopic(from, text(from), (topic) => ({
      topic,
      currentLeaderEpoch: from.int32(),
      place: from.int64() === -2 ? ('earliest' as const) : ('latest' as const),
    }))
    from.noTags()
    return { committed, topics }
  },
  Metadata(from: RequestReader) {
    const count = from.varint() - 1
    const topics = Array.from({ length: Math.max(0, count) }, () => {
      from.uuid()
      const name = from.compactString() ?? ''
      from.noTags()
      return name
    })
    const creates = from.int8() !== 0
    from.int8()
    from.noTags()
    return { all: count < 0, topics, creates }
  },
  FindCoordinator(from: RequestReader) {
    const type = from.int8()
    const ids = from.compactArray(text(from))
    from.noTags()
    return { type, ids }
  },
  InitProducerId(from: RequestReader) {
    const transactionalId = from.compactString() ?? ''
    const transactionTimeoutMs = from.int32()
    const expected = [from.int64(), from.int16()]
    from.noTags()
    return { transactionalId, transactionTimeoutMs, expected }
  },
  DescribeProducers(from: RequestReader) {
    const topics = from.compactArray(() => {
      const name = from.compactString() ?? ''
      from.compactArray(from.int32)
      from.noTags()
      return name
    })
    from.noTags()
    return { topics }
  },
  CreateTopics(from: RequestReader) {
    const topics = from.array(() => {
      const name = from.string() ?? ''
      const partitions = from.int32()
      const replicas = from.int16()
      from.array(from.int32)
      const settings = from.array(() => [from.string() ?? '', from.string() ?? ''] as const)
      return { name, partitions, replicas, settings: new Map(settings) }
    })
    const timeoutMs = from.int32()
    from.int8()
    return { topics, timeoutMs }
  },
  DeleteTopics(from: RequestReader) {
    const topics = from.array(() => from.string() ?? '')
    const timeoutMs = from.int32()
    return { topics, timeoutMs }
  },
  DescribeConfigs(from: RequestReader) {
    const resources = from.array(() => {
      const resource = { type: from.int8(), name: from.string() ?? '' }
      from.array(from.string)
      return resource
    })
    from.int8()
    return { resources }
  },
  DeleteRecords(from: RequestReader) {
    const topics = from.array(() => {
      const name = from.string() ?? ''
      const [offset = -1] = from.array(() => {
        from.int32()
        return from.int64()
      })
      return { name, offset }
    })
    const timeoutMs = from.int32()
    return { topics, timeoutMs }
  },
}

export type RequestName = keyof typeof READERS
export type RequestBody<N extends RequestName> = ReturnType<(typeof READERS)[N]>

/** The names of the requests by their API keys. */
export const NAMES: Readonly<Record<number, RequestName>> = {
  0: 'Produce',
  1: 'Fetch',
  2: 'ListOffsets',
  3: 'Metadata',
  10: 'FindCoordinator',
  19: 'CreateTopics',
  20: 'DeleteTopics',
  21: 'DeleteRecords',
  22: 'InitProducerId',
  32: 'DescribeConfigs',
  61: 'DescribeProducers',
}

/** Requests that kafkajs encodes. Their form is the older one. */
export const ADMIN: ReadonlySet<RequestName> = new Set([
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'DescribeConfigs',
])
