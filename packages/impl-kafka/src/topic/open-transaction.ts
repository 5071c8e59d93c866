import type { Cluster } from '../client/cluster.js'
import { throwOnError } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { describeProducersRequest } from '../protocol/describe-producers.js'

/** A transaction of another application, behind whose first record no reader of the log gets anything. */
export interface OpenTransaction {
  readonly producerId: bigint
  readonly producerEpoch: number
  /** The offset of the transaction's first record. */
  readonly offset: number
  /** How long ago the transaction's last record was stored, in milliseconds. */
  readonly idleMs: number
}

/**
 * The transaction at which readers of a topic stop: the open one whose first record comes first. Undefined when there is none, or
 * when the broker does not tell.
 */
export async function openTransaction(
  cluster: Cluster,
  topic: TopicState,
  now: number,
): Promise<OpenTransaction | undefined> {
  try {
    const { results } = await cluster.askNode(topic.leader, describeProducersRequest([topic.name]))
    let first: OpenTransaction | undefined
    for (const { errorCode, errorMessage, producers } of results) {
      throwOnError(errorCode, errorMessage)
      for (const { transactionStartOffset: offset, lastTimestamp, ...producer } of producers)
        if (offset >= 0 && (first === undefined || offset < first.offset))
          first = { ...producer, offset, idleMs: now - lastTimestamp }
    }
    return first
  } catch {
    // What readers get does not depend on the answer. A broker that fails is noticed by those who read and write.
    return undefined
  }
}
