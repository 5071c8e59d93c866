import { corrupt, WalError } from '@wal/walimpls'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BATCH_LENGTH,
  COMPRESSION_BITS,
  CONTROL_BIT,
  COUNTED_FROM,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  MAGIC,
  MAGIC_2,
  MAX_TIMESTAMP,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL_BIT,
} from './batch-layout.js'

/** What a record batch says about itself, without its records. */
export interface BatchHeader {
  /** Where the batch begins and ends in the bytes that it was read from. */
  readonly start: number
  readonly end: number
  readonly baseOffset: number
  /** The offset of the last record that the batch was stored with. Compaction may have removed that record. */
  readonly lastOffset: number
  /** The epoch of the leader that stored the batch; −1 when no broker filled it in. */
  readonly leaderEpoch: number
  /** The number of the compression codec, 0 for none. */
  readonly codec: number
  readonly transactional: boolean
  /** Whether the batch holds a marker of Kafka, which ends a transaction, instead of records. */
  readonly control: boolean
  /** The greatest time of its records, in milliseconds since 1970; −1 for none. */
  readonly maxTimestamp: number
  /** −1 for a batch of a producer without an id. */
  readonly producerId: bigint
  /** −1 for a batch of a producer without an id. */
  readonly producerEpoch: number
  /** The sequence number of the first record; −1 for a batch of a producer without an id. */
  readonly baseSequence: number
  /** How many records the batch has. */
  readonly count: number
}

/**
 * The headers of all batches in a Fetch answer's records, without a look at the records or the check sums. A batch that is cut
 * off at the end is left out. `topic` names the place in errors. Throws `WAL_CORRUPT` for a header that no broker stores, and
 * `WAL_SPEC_UNSUPPORTED` for records in a format from before Kafka 0.11.
 */
export function batchHeaders(records: Buffer, topic: string): BatchHeader[] {
  const headers: BatchHeader[] = []
  for (let at = 0; ; ) {
    const header = readBatchHeader(records, at, topic)
    if (header === undefined) return headers
    headers.push(header)
    at = header.end
  }
}

/** Reads the header of the batch at `start`. Undefined when the bytes end within the batch or before it. */
export function readBatchHeader(records: Buffer, start: number, topic: string): BatchHeader | undefined {
  const left = records.length - start
  if (left <= MAGIC) return undefined
  const baseOffset = safeInt64(records, start + BASE_OFFSET)
  const magic = records[start + MAGIC] as number
  if (magic < MAGIC_2)
    throw new WalError(
      'WAL_SPEC_UNSUPPORTED',
      `topic "${topic}", offset ${baseOffset}: the records are in message format ${magic}, from before Kafka 0.11, which this package does not read.`,
    )
  const length = records.readInt32BE(start + BATCH_LENGTH)
  const end = start + COUNTED_FROM + length
  if (magic !== MAGIC_2 || length < RECORDS - COUNTED_FROM || !(baseOffset >= 0))
    throw damaged(topic, baseOffset, 'the bytes there are no record batch')
  if (end > records.length) return undefined
  const attributes = records.readInt16BE(start + ATTRIBUTES)
  const lastOffset = baseOffset + records.readInt32BE(start + LAST_OFFSET_DELTA)
  const count = records.readInt32BE(start + RECORD_COUNT)
  if (lastOffset < baseOffset || count < 0 || count > lastOffset - baseOffset + 1)
    throw damaged(topic, baseOffset, `a batch of ${count} records ends at offset ${lastOffset}`)
  return {
    start,
    end,
    baseOffset,
    lastOffset,
    leaderEpoch: records.readInt32BE(start + LEADER_EPOCH),
    codec: attributes & COMPRESSION_BITS,
    transactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    control: (attributes & CONTROL_BIT) !== 0,
    maxTimestamp: safeInt64(records, start + MAX_TIMESTAMP),
    producerId: records.readBigInt64BE(start + PRODUCER_ID),
    producerEpoch: records.readInt16BE(start + PRODUCER_EPOCH),
    baseSequence: records.readInt32BE(start + BASE_SEQUENCE),
    count,
  }
}

/**
 * How many bytes the batch at `start` has, when at least its length is there; otherwise 0. For a reader whose limit was too low
 * for a single batch.
 */
export function batchBytes(records: Buffer, start: number): number {
  if (records.length - start < COUNTED_FROM) return 0
  return COUNTED_FROM + Math.max(0, records.readInt32BE(start + BATCH_LENGTH))
}

/** The `WAL_CORRUPT` of a place in a topic. */
export function damaged(topic: string, offset: number, what: string): WalError {
  return corrupt(`topic "${topic}", offset ${offset}`, what)
}

/** `NaN` for a number beyond 2^53, which no offset and no time is. */
function safeInt64(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
  return Number.isSafeInteger(value) ? value : Number.NaN
}
