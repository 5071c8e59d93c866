import { sleep } from '@wal/walimpls/helper'
import { KAFKA_ERRORS } from '../../src/protocol/error-codes.js'
import type { WireWriter } from '../../src/protocol/wire-writer.js'
import * as answers from './answers.js'
import type { RequestBody, RequestName } from './requests.js'
import type { Received, ScriptedBroker, SessionTopic } from './scripted-broker.js'
import type { ScriptedTopic } from './scripted-cluster.js'

type Write = (to: WireWriter) => void
type Reply<N extends RequestName> = (
  broker: ScriptedBroker,
  body: RequestBody<N>,
  errorCode: number,
) => Write | Promise<Write>

const NO_BYTES = Buffer.alloc(0)
const NO_ID = '0'.repeat(32)

/** What is wrong with a request for a topic: the broker does not lead it, or client and broker know other leader epochs. */
function misled(broker: ScriptedBroker, topic: ScriptedTopic | undefined, epoch = -1): number {
  if (topic === undefined) return KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
  if (broker.formerlyLed.has(topic.name)) return 0
  if (topic.leader !== broker.node) return KAFKA_ERRORS.NOT_LEADER_OR_FOLLOWER
  const { leaderEpoch } = topic.partition
  if (epoch < 0 || epoch === leaderEpoch) return 0
  return epoch < leaderEpoch ? KAFKA_ERRORS.FENCED_LEADER_EPOCH : KAFKA_ERRORS.UNKNOWN_LEADER_EPOCH
}

const REPLIES: { readonly [N in RequestName]: Reply<N> } = {
  Produce(broker, { batches }, given) {
    return answers.produced(
      batches.map(({ topic, batch }) => {
        const found = broker.cluster.topics.get(topic)
        // The other brokers no longer copy what a former leader stores.
        const lonely = broker.formerlyLed.has(topic) ? KAFKA_ERRORS.NOT_ENOUGH_REPLICAS : 0
        const errorCode = given || lonely || misled(broker, found)
        if (errorCode !== 0 || found === undefined) return { topic, errorCode, baseOffset: -1 }
        return { topic, ...found.partition.append(batch) }
      }),
    )
  },
  Fetch: fetchReply,
  ListOffsets(broker, { committed, topics }, given) {
    return answers.offsets(
      topics.map(({ topic, currentLeaderEpoch, place }) => {
        const found = broker.cluster.topics.get(topic)
        const errorCode = given || misled(broker, found, currentLeaderEpoch)
        if (errorCode !== 0 || found === undefined) return { topic, errorCode, offset: -1, leaderEpoch: -1 }
        const { logStart, lastStable, highWatermark, standsBackAt, leaderEpoch } = found.partition
        if (place === 'latest' && standsBackAt !== undefined)
          return { topic, errorCode: KAFKA_ERRORS.OFFSET_NOT_AVAILABLE, offset: -1, leaderEpoch: -1 }
        const latest = committed ? lastStable : highWatermark
        return { topic, errorCode: 0, offset: place === 'earliest' ? logStart : latest, leaderEpoch }
      }),
    )
  },
  Metadata(broker, { all, topics }, given) {
    const { cluster } = broker
    const names = all ? [...cluster.topics.keys()] : topics
    return answers.metadata({
      brokers: cluster.live.map(({ node }) => cluster.endpoint(node)),
      clusterId: 'scripted',
      controllerId: cluster.live[0]?.node ?? -1,
      topics: names.map((name) => {
        const topic = broker.outdated.has(name)
          ? broker.outdated.get(name)
          : (cluster.topics.get(name) ?? broker.undead.get(name))
        if (topic === undefined || given !== 0) {
          const errorCode = given || KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION
          return { errorCode, name, topicId: NO_ID, internal: false, partitions: [] }
        }
        const { id, internal, leader, partition } = topic
        const replicas = cluster.brokers.map(({ node }) => node)
        return {
          ...{ errorCode: 0, name, topicId: id, internal },
          partitions: Array.from({ length: topic.partitions }, (_, i) => ({
            ...{ errorCode: 0, partition: i, leaderId: leader, leaderEpoch: partition.leaderEpoch },
            ...{ replicas, inSync: replicas },
          })),
        }
      }),
    })
  },
  FindCoordinator(broker, { ids }, given) {
    const [first] = broker.cluster.live
    return answers.coordinators(ids, broker.cluster.endpoint(first?.node ?? -1), given)
  },
  InitProducerId(broker, { transactionalId }, given) {
    if (given !== 0) return answers.producerId(given, -1n, -1)
    const { id, epoch } = broker.cluster.initialise(transactionalId)
    return answers.producerId(0, id, epoch)
  },
  DescribeProducers(broker, { topics }, given) {
    return answers.described(
      topics.map((topic) => {
        const found = broker.cluster.topics.get(topic)
        const errorCode = given || misled(broker, found)
        const remembered = broker.formerlyLed.get(topic) ?? found?.partition.remembered ?? []
        return { topic, errorCode, producers: errorCode === 0 ? remembered : [] }
      }),
    )
  },
  CreateTopics({ cluster }, { topics }, given) {
    return answers.topicsCreated(
      topics.map(({ name, partitions, settings }) => {
        if (given !== 0) return { topic: name, errorCode: given }
        if (cluster.topics.has(name)) return { topic: name, errorCode: KAFKA_ERRORS.TOPIC_ALREADY_EXISTS }
        cluster.make(name, settings, partitions)
        return { topic: name, errorCode: 0 }
      }),
    )
  },
  DeleteTopics({ cluster }, { topics }, given) {
    return answers.topicsDeleted(
      topics.map((topic) => {
        const gone = given === 0 && cluster.topics.delete(topic)
        return { topic, errorCode: given || (gone ? 0 : KAFKA_ERRORS.UNKNOWN_TOPIC_OR_PARTITION) }
      }),
    )
  },
  DescribeConfigs({ cluster }, { resources }, given) {
    return answers.configs(
      resources.map(({ type, name }) => {
        const settings = type === 2 ? cluster.topics.get(name)?.settings : cluster.settings
        return { type, name, errorCode: given, settings: given === 0 ? (settings ?? new Map()) : new Map() }
      }),
    )
  },
  DeleteRecords(broker, { topics }, given) {
    return answers.recordsDeleted(
      topics.map(({ name, offset }) => {
        const found = broker.cluster.topics.get(name)
        const errorCode = given || misled(broker, found)
        if (errorCode !== 0 || found === undefined) return { topic: name, errorCode, low: -1 }
        found.partition.logStart = Math.max(found.partition.logStart, offset)
        return { topic: name, errorCode: 0, low: found.partition.logStart }
      }),
    )
  },
}

/** Does what a broker does with a request, and answers how its answer is written. */
export async function replyTo(
  broker: ScriptedBroker,
  { name, body }: Received,
  error: number,
): Promise<Write> {
  const reply = REPLIES[name] as Reply<RequestName>
  return reply(broker, body as never, error)
}

async function fetchReply(broker: ScriptedBroker, body: RequestBody<'Fetch'>, given: number): Promise<Write> {
  const failed = (errorCode: number) => answers.fetched({ errorCode, sessionId: 0, results: [] })
  if (given !== 0) return failed(given)
  const { sessionId, sessionEpoch, topics, forgotten } = body
  if (sessionEpoch === -1)
    return answers.fetched({ errorCode: 0, sessionId: 0, results: await waited(broker, body, topics) })
  const id = sessionEpoch === 0 ? broker.newSession() : sessionId
  const session = broker.sessions.get(id)
  if (sessionEpoch > 0 && session === undefined) return failed(KAFKA_ERRORS.FETCH_SESSION_ID_NOT_FOUND)
  if (sessionEpoch > 0 && session?.epoch !== sessionEpoch)
    return failed(KAFKA_ERRORS.INVALID_FETCH_SESSION_EPOCH)
  if (session === undefined)
    return answers.fetched({ errorCode: 0, sessionId: 0, results: await waited(broker, body, topics) })
  for (const topic of topics) session.topics.set(topic.topicId, topic)
  for (const topicId of forgotten) session.topics.delete(topicId)
  session.epoch = sessionEpoch + 1
  const results = await waited(broker, body, [...session.topics.values()])
  return answers.fetched({
    errorCode: 0,
    sessionId: id,
    results: sessionEpoch === 0 ? results : results.filter(isNew),
  })
}

const isNew = ({ records, divergingEpoch, errorCode }: answers.Fetched) =>
  records.length > 0 || divergingEpoch !== undefined || errorCode !== 0

/** Holds the answer back until there is something to tell, or the time is up. */
async function waited(
  broker: ScriptedBroker,
  { committed, maxWaitMs, minBytes }: RequestBody<'Fetch'>,
  topics: readonly SessionTopic[],
): Promise<answers.Fetched[]> {
  const read = () => {
    // Of a whole answer, only the first batch comes whole whatever its size.
    let whole = true
    return topics.map((topic) => {
      const result = fetchedOf(broker, topic, { committed, whole })
      whole &&= result.records.length === 0
      return result
    })
  }
  const deadline = broker.runtime.monotonic() + maxWaitMs
  for (;;) {
    const results = read()
    const left = deadline - broker.runtime.monotonic()
    if (minBytes === 0 || left <= 0 || results.some(isNew)) return results
    const partitions = topics.flatMap(({ topicId }) => broker.cluster.topicOf(topicId)?.partition ?? [])
    await Promise.race([sleep(broker.runtime, left), ...partitions.map((partition) => partition.changed())])
  }
}

function fetchedOf(
  broker: ScriptedBroker,
  { topicId, currentLeaderEpoch, offset, lastFetchedEpoch, maxBytes }: SessionTopic,
  { committed, whole }: { readonly committed: boolean; readonly whole: boolean },
): answers.Fetched {
  const topic = broker.cluster.topicOf(topicId)
  const nothing = {
    ...{ topicId, errorCode: 0, highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 },
    ...{ divergingEpoch: undefined, aborted: [], records: NO_BYTES },
  }
  if (topic === undefined) return { ...nothing, errorCode: KAFKA_ERRORS.UNKNOWN_TOPIC_ID }
  const errorCode = misled(broker, topic, currentLeaderEpoch)
  if (errorCode !== 0) return { ...nothing, errorCode }
  const { partition } = topic
  const { logStart, lastStable, highWatermark, end, storedMeanwhile } = partition
  const divergingEpoch = lastFetchedEpoch < 0 ? undefined : partition.diverging(lastFetchedEpoch, offset)
  const about = {
    ...nothing,
    highWatermark,
    lastStableOffset: lastStable - storedMeanwhile,
    logStartOffset: logStart,
  }
  if (divergingEpoch !== undefined) return { ...about, divergingEpoch }
  if (offset < logStart || offset > end) return { ...nothing, errorCode: KAFKA_ERRORS.OFFSET_OUT_OF_RANGE }
  const limit = committed ? lastStable : highWatermark
  return {
    ...about,
    records: offset < limit ? partition.page(offset, limit, { maxBytes, whole }) : NO_BYTES,
    aborted: committed ? partition.abortedIn(offset, limit) : [],
  }
}
