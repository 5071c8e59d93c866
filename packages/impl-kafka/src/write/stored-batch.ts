import { WalError } from '@wal/walimpls'
import { CallFailure } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import type { TopicState } from '../client/topic-memory.js'
import { fetchPage, offsetOf } from '../read/fetch-page.js'
import { type BatchHeader, batchHeaders } from '../records/batch-header.js'
import { RECORDS } from '../records/batch-layout.js'
import { LAST_EPOCH, type Numbers, type ProducerIdentity } from './producer.js'

/** How many bytes of a log are looked through at a time. */
const PAGE_BYTES = 1024 * 1024
/** How many bytes are read to find the batch at an offset, which comes whole. */
const LOOK_BYTES = 16 * 1024

export interface WantedBatch {
  readonly topic: TopicState
  /** The offset of the last acknowledged record, which has to be there; −1 when no record was acknowledged. */
  readonly acked: number
  /** The producer id and epoch under which that record was stored. */
  readonly ackedBy: ProducerIdentity | undefined
  /** The numbers under which the batch was sent. */
  readonly stamp: Numbers
}

/**
 * Looks for a batch behind the last acknowledged record, by the numbers that its header has. Answers the offset of its first
 * record; undefined when the log does not have it. Throws `WAL_LOG_ROLLED_BACK` when the last acknowledged record is gone, unless
 * somebody removed it from the log's beginning.
 */
export async function findBatch(cluster: Cluster, wanted: WantedBatch): Promise<number | undefined> {
  const { topic, acked, ackedBy, stamp } = wanted
  const end = await offsetOf(cluster, topic, 'uncommitted')
  if (end <= acked) throw lostAcked(topic, acked)
  const walk = { from: Math.max(0, acked), end, maxBytes: PAGE_BYTES }
  let ackedSeen = acked < 0
  for await (const header of storedHeaders(cluster, topic, walk)) {
    if (!ackedSeen && header.baseOffset <= acked && !isOf(header, ackedBy)) throw lostAcked(topic, acked)
    ackedSeen = true
    if (
      header.producerId === stamp.producerId &&
      header.producerEpoch === stamp.producerEpoch &&
      header.baseSequence === stamp.baseSequence
    )
      return header.baseOffset
  }
  return undefined
}

function isOf({ producerId, producerEpoch }: BatchHeader, by: ProducerIdentity | undefined): boolean {
  return producerId === by?.id && producerEpoch === by.epoch
}

function lostAcked({ name }: TopicState, acked: number): WalError {
  return new WalError(
    'WAL_LOG_ROLLED_BACK',
    `the topic ${name}: the record ${acked} was acknowledged, and another one or none is there now. The log lost its end.`,
  )
}

/** Which part of a log is walked through. */
interface Walk {
  readonly from: number
  /**
   * The offset behind the last one. It is asked for once: a log to which somebody appends as fast as it is read would have no
   * end otherwise.
   */
  readonly end: number
  /** How many bytes are read at a time. */
  readonly maxBytes: number
}

/**
 * The headers of the batches that are stored in a part of a log, also those of open transactions. Passes over what is removed
 * from the log's beginning.
 */
async function* storedHeaders(
  cluster: Cluster,
  topic: TopicState,
  { from, end, maxBytes }: Walk,
): AsyncGenerator<BatchHeader> {
  const lane = cluster.lane(topic.leader, 'read')
  for (let offset = from; offset < end; ) {
    const request = { ...{ topic, offset, lastEpoch: -1, maxBytes }, isolation: 'uncommitted' } as const
    const page = await fetchPage(cluster, lane, request).catch((error: unknown) => {
      if (WalError.isInstance(error) && error.code === 'WAL_POSITION_TRUNCATED') return undefined
      throw error
    })
    if (page === undefined) {
      offset = Math.max(offset + 1, await offsetOf(cluster, topic, 'earliest'))
      continue
    }
    const before = offset
    for (const header of batchHeaders(page.records, topic.name)) {
      yield header
      offset = header.lastOffset + 1
    }
    if (offset === before)
      throw new CallFailure(
        `the broker gives no record at offset ${offset} of the topic ${topic.name}, whose last record is ${end - 1}`,
      )
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
  /** The highest epoch of each producer. A Map keeps the order in which ids are set. */
  const epochs = new Map<bigint, number>()
  const end = await offsetOf(cluster, topic, 'uncommitted')
  for await (const header of storedHeaders(cluster, topic, { from, end, maxBytes: PAGE_BYTES })) {
    const { producerId, producerEpoch, transactional } = header
    if (producerId < 0n || transactional) continue
    const epoch = Math.max(epochs.get(producerId) ?? 0, producerEpoch)
    epochs.delete(producerId)
    epochs.set(producerId, epoch)
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
  const end = await offsetOf(cluster, topic, 'uncommitted')
  for await (const header of storedHeaders(cluster, topic, { from, end, maxBytes: LOOK_BYTES })) {
    const { producerId, producerEpoch, transactional } = header
    if (producerId >= 0n && !transactional && producerEpoch < LAST_EPOCH) return producerId
  }
  return undefined
}
