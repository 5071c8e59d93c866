import type { Runtime } from '@wal/walimpls'
import { CallFailure, sleep } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import { UnspokenRequest } from '../client/connection.js'
import { Deadline } from '../client/deadline.js'
import { isKafkaError, throwOnError } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { describeProducersRequest, type RememberedProducer } from '../protocol/describe-producers.js'
import { findCoordinatorRequest } from '../protocol/find-coordinator.js'
import { initProducerIdRequest } from '../protocol/init-producer-id.js'
import { LAST_EPOCH, type ProducerIdentity } from './producer.js'
import { producersBehind } from './stored-batch.js'

export interface FenceParts {
  readonly cluster: Cluster
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic'>
  readonly transactionalId: string
  /** How long the coordinator may need until it hands out an id, in milliseconds. */
  readonly timeoutMs: number
}

/** The pause between two questions to a coordinator that is not ready. */
const PAUSE_MS = 100

/**
 * The transaction's time limit is asked for with an id. No transaction is ever begun, so it never passes; a broker refuses one
 * that is longer than its transaction.max.timeout.ms.
 */
const TRANSACTION_TIMEOUT_MS = 60_000

/** What a coordinator answers while it is not ready: on a fresh cluster, after its broker was lost, or between two answers. */
const NOT_READY = [
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR',
  'CONCURRENT_TRANSACTIONS',
]

/**
 * Asks the coordinator of a channel's transactional id for the producer id with an epoch that is higher than every one before.
 * Once a record of that epoch is stored, the broker refuses those of lower epochs.
 *
 * The epoch that a writer has is never named in the request: two openers that name the same one get the same epoch, and of the
 * second one's batches the broker acknowledges some without storing them.
 */
export async function newIdentity({
  cluster,
  runtime,
  transactionalId,
  timeoutMs,
}: FenceParts): Promise<ProducerIdentity> {
  const deadline = new Deadline(runtime, timeoutMs)
  for (;;) {
    try {
      const node = await coordinatorOf(cluster, transactionalId, deadline)
      const { errorCode, producerId, producerEpoch } = await cluster.askNode(
        node,
        initProducerIdRequest({ transactionalId, transactionTimeoutMs: TRANSACTION_TIMEOUT_MS }),
        deadline,
      )
      throwOnError(errorCode)
      return { id: producerId, epoch: producerEpoch }
    } catch (error) {
      if (!isKafkaError(error, ...NOT_READY) || deadline.left <= PAUSE_MS) throw error
    }
    await sleep(runtime, PAUSE_MS)
  }
}

async function coordinatorOf(cluster: Cluster, transactionalId: string, deadline: Deadline): Promise<number> {
  const { results } = await cluster.ask(findCoordinatorRequest([transactionalId]), deadline)
  const [found] = results
  if (found === undefined) throw new CallFailure('the answer names no coordinator')
  throwOnError(found.errorCode, found.errorMessage)
  // A broker that came up a moment ago may not be known yet.
  if (!cluster.nodes.includes(found.nodeId)) await cluster.begin()
  return found.nodeId
}

/**
 * The ids of the producers that could still write beside `own`, the latest first. Where the broker does not tell which ones the
 * partition remembers, those that stored something from the offset `tick` on, where the log's last time tick lies: every live
 * writer has stored one since.
 */
export async function otherProducers(
  cluster: Cluster,
  topic: TopicState,
  { own, tick }: { readonly own: ProducerIdentity; readonly tick: () => Promise<number> },
): Promise<readonly bigint[]> {
  try {
    const remembered = await rememberedProducers(cluster, topic, own)
    return remembered.map(({ producerId }) => producerId)
  } catch (error) {
    if (!isRefused(error)) throw error
    const found = await producersBehind(cluster, topic, await tick())
    return found.filter((id) => id !== own.id)
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof UnspokenRequest || isKafkaError(error, 'TOPIC_AUTHORIZATION_FAILED')
}

/**
 * The producers that a topic's partition remembers and that could still write beside `own`: those whose last epoch has not
 * come, and that are in no transaction of their own, the latest first.
 */
async function rememberedProducers(
  cluster: Cluster,
  topic: TopicState,
  own: ProducerIdentity,
): Promise<readonly RememberedProducer[]> {
  const { results } = await cluster.askNode(topic.leader, describeProducersRequest([topic.name]))
  const [result] = results
  if (result === undefined) throw new CallFailure('the answer leaves out the topic')
  throwOnError(result.errorCode, result.errorMessage)
  return result.producers
    .filter(
      ({ producerId, producerEpoch, transactionStartOffset }) =>
        producerId !== own.id && producerEpoch < LAST_EPOCH && transactionStartOffset < 0,
    )
    .sort((a, b) => b.lastTimestamp - a.lastTimestamp)
}
