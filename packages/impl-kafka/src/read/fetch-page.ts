import { PositionTruncatedError, WalError } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import type { Cluster } from '../client/cluster.js'
import type { Connection } from '../client/connection.js'
import { isKafkaError, throwOnError, toldAbout } from '../client/kafka-error.js'
import type { TopicState } from '../client/topic-memory.js'
import { errorName } from '../protocol/error-codes.js'
import { type FetchResult, fetchRequest, NO_FETCH_SESSION } from '../protocol/fetch.js'
import { listOffsetsRequest, type OffsetPlace, type OffsetResult } from '../protocol/list-offsets.js'
import { RecordDecoder } from '../records/batch-decoder.js'
import { messageIds } from '../records/message-id.js'

/** The most bytes that the records of one compressed batch may take when they are decompressed. */
const MAX_DECOMPRESSED_BYTES = 256 * 1024 * 1024

/** A decoder of a topic's records. */
export function recordDecoder(topic: string): RecordDecoder<NumberId> {
  return new RecordDecoder({ topic, idOf: messageIds.of, maxDecompressedBytes: MAX_DECOMPRESSED_BYTES })
}

/** A connection, or the connection of a kind that is there at the time. */
export type Asks = Pick<Connection, 'ask'>

/** What a reader asks a broker for. */
export interface PageRequest {
  readonly topic: TopicState
  /** The first offset that is wanted. */
  readonly offset: number
  /** The leader epoch of the record before; −1 when it is not known. */
  readonly lastEpoch: number
  readonly maxBytes: number
  /** `uncommitted` gives also the records of transactions that are still open. Default: `committed`. */
  readonly isolation?: 'committed' | 'uncommitted'
}

/**
 * Reads records that are there already: the answer comes at once, with no records at the log's end. Throws
 * `WAL_POSITION_TRUNCATED` below the log's beginning, and `WAL_LOG_ROLLED_BACK` when the log lost records behind which this
 * page begins.
 */
export async function fetchPage(cluster: Cluster, over: Asks, request: PageRequest): Promise<FetchResult> {
  const result = await fetchUnchecked(cluster, over, request)
  await checkResult(cluster, request, result)
  return result
}

/** Like `fetchPage`, for a page that may not be wanted: what the answer says about the log is left for `checkResult`. */
export async function fetchUnchecked(
  cluster: Pick<Cluster, 'requestTimeoutMs'>,
  over: Asks,
  request: PageRequest,
): Promise<FetchResult> {
  const { topic, offset, lastEpoch, maxBytes, isolation = 'committed' } = request
  const asked = fetchRequest({
    ...NO_FETCH_SESSION,
    ...{ maxWaitMs: 0, minBytes: 0, maxBytes, isolation, forgotten: [] },
    topics: [
      {
        topicId: topic.id,
        currentLeaderEpoch: topic.leaderEpoch,
        offset,
        lastFetchedEpoch: lastEpoch,
        maxBytes,
      },
    ],
  })
  let answer = await over.ask(asked, cluster.requestTimeoutMs)
  // A broker whose quota for this client is used up answers nothing about any topic, and does not read on until it is time.
  while (answer.results.length === 0 && answer.errorCode === 0 && answer.throttleMs > 0)
    answer = await over.ask(asked, answer.throttleMs + cluster.requestTimeoutMs)
  throwOnError(answer.errorCode)
  return toldAbout(topic.name, answer.results[0])
}

/** Whether the answer says that the page begins below the log’s first record, or behind its end. */
export function isOutOfRange({ errorCode }: FetchResult): boolean {
  return errorName(errorCode) === 'OFFSET_OUT_OF_RANGE'
}

/** Throws when the answer says that the records which are wanted are gone, or that the broker can't give them. */
export async function checkResult(
  cluster: Cluster,
  { topic, offset }: Pick<PageRequest, 'topic' | 'offset'>,
  result: FetchResult,
): Promise<void> {
  const { divergingEpoch, errorCode } = result
  if (divergingEpoch !== undefined) throw lostEnd(topic.name, divergingEpoch.endOffset, offset)
  try {
    throwOnError(errorCode)
  } catch (error) {
    if (isKafkaError(error, 'UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID', 'UNKNOWN_TOPIC_OR_PARTITION')) {
      const now = await cluster.freshTopic(topic.name)
      if (now?.id !== topic.id) throw goneTopic(topic.name, now !== undefined)
    }
    if (isKafkaError(error, 'OFFSET_OUT_OF_RANGE')) {
      const oldest = await offsetOf(cluster, topic, 'earliest')
      if (offset < oldest) throw truncated(topic.name, offset, oldest)
      throw lostEnd(topic.name, await offsetOf(cluster, topic, 'latest'), offset)
    }
    throw error
  }
}

/**
 * The offset of the log's first record (`earliest`), the one behind its last committed record (`latest`), or the one behind the
 * last record of all (`uncommitted`).
 */
export async function offsetOf(
  cluster: Cluster,
  topic: TopicState,
  wanted: OffsetPlace | 'uncommitted',
): Promise<number> {
  return (await askOffset(cluster, cluster.lane(topic.leader, 'ask'), { topic, wanted })).offset
}

export interface OffsetRequest {
  readonly topic: TopicState
  readonly wanted: OffsetPlace | 'uncommitted'
}

/**
 * Like `offsetOf`, over a connection of the caller’s choice, and with the leader epoch. A broker that has just become the leader
 * refuses to tell `latest` until it knows how far its log is acknowledged. So when it has told that once, the ends of its later
 * answers are not below an acknowledged record, as long as it leads.
 */
export async function askOffset(
  { requestTimeoutMs }: Pick<Cluster, 'requestTimeoutMs'>,
  over: Asks,
  { topic, wanted }: OffsetRequest,
): Promise<OffsetResult> {
  const uncommitted = wanted === 'uncommitted'
  const place = uncommitted ? 'latest' : wanted
  const request = listOffsetsRequest({
    isolation: uncommitted ? 'uncommitted' : 'committed',
    topics: [{ topic: topic.name, currentLeaderEpoch: topic.leaderEpoch, place }],
  })
  const { results } = await over.ask(request, requestTimeoutMs)
  const result = toldAbout(topic.name, results[0])
  throwOnError(result.errorCode)
  return result
}

export function truncated(topic: string, wanted: number, oldest: number | undefined): PositionTruncatedError {
  const kept = oldest === undefined ? 'No record is kept behind it' : `The oldest record kept is ${oldest}`
  return new PositionTruncatedError(
    `the topic ${topic}: record ${wanted} is gone: the log was truncated, or the topic’s retention removed it. ${kept}.`,
    oldest === undefined ? {} : { oldest: messageIds.serialise(messageIds.of(oldest)) },
  )
}

export function lostEnd(topic: string, end: number, known: number): WalError {
  return new WalError(
    'WAL_LOG_ROLLED_BACK',
    `the topic ${topic}: records before ${known} were acknowledged, and the log goes to ${end - 1} only. It lost its end, probably by an unclean leader election, or when a broker was set back to an older copy of its data.`,
  )
}

export function goneTopic(topic: string, another: boolean): WalError {
  return new WalError(
    'WAL_CHANNEL_NOT_FOUND',
    `the topic ${topic} was deleted${another ? ', and another one of that name was made' : ''}.`,
  )
}
