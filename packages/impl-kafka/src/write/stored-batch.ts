import { WalError } from '@wal/walimpls'
import type { Cluster, TopicState } from '../client/cluster.js'
import { fetchPage } from '../read/fetch-page.js'
import { batchHeaders } from '../records/batch-header.js'
import { RECORDS } from '../records/batch-layout.js'
import { LAST_EPOCH, type Numbers } from './producer.js'

/** How many bytes of a log are looked through at a time. */
const PAGE_BYTES = 1024 * 1024
/** How many bytes are read to find the batch at an offset, which comes whole. */
const LOOK_BYTES = 16 * 1024

export interface WantedBatch {
  readonly topic: TopicState
  /** The offset of the last acknowledged record, which has to be there; −1 when no record was acknowledged. */
  readonly acked: number
  /** The producer id under which that record was stored. */
  readonly ackedBy: bigint | undefined
  /** The numbers under which the batch was sent. */
  readonly stamp: Numbers
}

/**
 * Looks for a batch behind the last acknowledged record, by the numbers that its header has. Answers the offset of its first
 * record; undefined when the log does not have it. Throws `WAL_LOG_ROLLED_BACK` when the last acknowledged record is gone.
 */
export async function findBatch(cluster: Cluster, wanted: WantedBatch): Promise<number | undefined> {
  const { topic, acked, ackedBy, stamp } = wanted
  const lane = cluster.lane(topic.leader, 'read')
  let offset = Math.max(0, acked)
  let ackedSeen = acked < 0
  for (;;) {
    const page = await fetchPage(cluster, lane, {
      ...{ topic, offset, lastEpoch: -1, maxBytes: PAGE_BYTES, isolation: 'uncommitted' },
    })
    let next = offset
    for (const header of batchHeaders(page.records, topic.name)) {
      if (!ackedSeen) {
        if (header.producerId !== ackedBy) break
        ackedSeen = true
      }
      if (
        header.producerId === stamp.producerId &&
        header.producerEpoch === stamp.producerEpoch &&
        header.baseSequence === stamp.baseSequence
      )
        return header.baseOffset
      next = header.lastOffset + 1
    }
    if (!ackedSeen)
      throw new WalError(
        'WAL_LOG_ROLLED_BACK',
        `the topic ${topic.name}: the record ${acked} was acknowledged, and another one or none is there now. The log lost its end.`,
      )
    if (next === offset) return undefined
    offset = next
  }
}

/** Whether the batch that is stored at an offset has the records of this one, whatever the numbers in its header are. */
export async function hasRecords(
  cluster: Cluster,
  topic: TopicState,
  { offset, batch }: { readonly offset: number; readonly batch: Buffer },
): Promise<boolean> {
  const { records } = await fetchPage(cluster, cluster.lane(topic.leader, 'read'), {
    ...{ topic, offset, lastEpoch: -1, maxBytes: batch.length, isolation: 'uncommitted' },
  })
  const [header] = batchHeaders(records, topic.name)
  if (header?.baseOffset !== offset) return false
  return records.subarray(header.start + RECORDS, header.end).equals(batch.subarray(RECORDS))
}

/**
 * The ids of the producers that stored something from this offset on, the latest first, but those whose last epoch has come.
 * Records of a producer without an id, and of transactions, are left out.
 */
export async function producersBehind(
  cluster: Cluster,
  topic: TopicState,
  from: number,
): Promise<readonly bigint[]> {
  const lane = cluster.lane(topic.leader, 'read')
  /** The highest epoch of each producer. A Map keeps the order in which ids are set. */
  const epochs = new Map<bigint, number>()
  for (let offset = from; ; ) {
    const page = await fetchPage(cluster, lane, {
      ...{ topic, offset, lastEpoch: -1, maxBytes: PAGE_BYTES, isolation: 'uncommitted' },
    })
    let next = offset
    for (const { producerId, producerEpoch, transactional, lastOffset } of batchHeaders(
      page.records,
      topic.name,
    )) {
      next = lastOffset + 1
      if (producerId < 0n || transactional) continue
      const epoch = Math.max(epochs.get(producerId) ?? 0, producerEpoch)
      epochs.delete(producerId)
      epochs.set(producerId, epoch)
    }
    if (next === offset) break
    offset = next
  }
  return [...epochs]
    .filter(([, epoch]) => epoch < LAST_EPOCH)
    .map(([id]) => id)
    .reverse()
}

/**
 * The id of the producer that stored the record at this offset. When that id has ended, of the first one behind that has not:
 * an opening record is stored under ids that it ends before it is under its writer's own. Undefined when there is none.
 */
export async function producerFrom(
  cluster: Cluster,
  topic: TopicState,
  from: number,
): Promise<bigint | undefined> {
  for (let offset = from; ; ) {
    const page = await fetchPage(cluster, cluster.lane(topic.leader, 'read'), {
      ...{ topic, offset, lastEpoch: -1, maxBytes: LOOK_BYTES, isolation: 'uncommitted' },
    })
    let next = offset
    for (const header of batchHeaders(page.records, topic.name)) {
      const { producerId, producerEpoch, transactional, lastOffset } = header
      if (producerId >= 0n && !transactional && producerEpoch < LAST_EPOCH) return producerId
      next = lastOffset + 1
    }
    if (next === offset) return undefined
    offset = next
  }
}
