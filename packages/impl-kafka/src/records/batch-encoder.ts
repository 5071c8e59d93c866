import { gzipSync } from 'node:zlib'
import type { Batch } from '@wal/walimpls'
import {
  crc32c,
  crcOfChange,
  notWritten,
  PAYLOAD_LENGTH_BYTES,
  readLength,
  readPayloadLength,
} from '@wal/walimpls/helper'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  BATCH_LENGTH,
  CHECKED_FROM,
  COUNTED_FROM,
  CRC,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  MAGIC,
  MAGIC_2,
  MAX_TIMESTAMP,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  RECORDS,
} from './batch-layout.js'
import { GZIP } from './codecs.js'
import { writeVarint } from './varint.js'

/** By which a broker recognises the writer of a batch, and a batch that is sent again. */
export interface BatchStamp {
  readonly producerId: bigint
  /** From 0 to 32,767. */
  readonly producerEpoch: number
  /** The sequence number of the batch's first record, from 0 to 2^31 − 1, after which comes 0 again. */
  readonly baseSequence: number
  /** The time of all its records, in milliseconds since 1970. A topic with `LogAppendTime` does not keep it. */
  readonly timestamp: number
}

export interface EncodingOptions {
  /** The largest batch that the topic takes, in bytes with all headers: its `max.message.bytes`. */
  readonly maxBytes: number
  /** Whether the records are compressed. The event loop waits for it, some 10 ms for a MiB. */
  readonly gzip?: boolean
}

/** The most bytes that a record has in a batch and not in `Batch.packed`, apart from longer lengths of its texts. */
const RECORD_FRAMING = 22
/**
 * Kafka's lengths have one bit for the sign, so a length of 64 to 127 takes two bytes where a packed record has one. A text that
 * this happens to has at least 64 bytes.
 */
const GROWTH_DIVISOR = 64

/**
 * Encodes a batch as a record batch of Kafka's format version 2: no keys, payloads as values, properties as headers in their
 * order. Bytes are copied from the packed records, so no text is made of them. Throws `WAL_MESSAGE_TOO_LARGE`, certainly not
 * written, when the result is larger than `maxBytes`.
 */
export function encodeRecordBatch(batch: Batch, stamp: BatchStamp, options: EncodingOptions): Buffer {
  const to: Output = { bytes: Buffer.allocUnsafe(boundOf(batch)), at: RECORDS, run: NO_BYTES }
  let offsetDelta = 0
  for (const run of batch.packed) {
    to.run = run
    for (let from = 0; from < run.length; ) from = writeRecord(to, from, offsetDelta++)
  }
  const whole = to.bytes.subarray(0, to.at)
  const bytes = options.gzip === true ? compressed(whole) : whole
  if (bytes.length > options.maxBytes)
    throw notWritten(
      'WAL_MESSAGE_TOO_LARGE',
      `A batch of ${batch.count} records takes ${bytes.length} bytes in Kafka and can't be stored; the topic takes ${options.maxBytes} at most (max.message.bytes).`,
    )
  writeHeader(bytes, batch.count, options.gzip === true)
  writeStamp(bytes, stamp)
  bytes.writeUInt32BE(crc32c(bytes, CHECKED_FROM), CRC)
  return bytes
}

/**
 * The same batch under another stamp, as a copy. Costs one copy of the bytes: the check sum is derived from the one that
 * `encodeRecordBatch` made, without reading the records. The first batch stays as it is, since it may still lie in a socket.
 */
export function restampRecordBatch(batch: Buffer, stamp: BatchStamp): Buffer {
  const bytes = Buffer.from(batch)
  writeStamp(bytes, stamp)
  const difference = new Uint8Array(RECORD_COUNT - CHECKED_FROM)
  for (let i = 0; i < difference.length; i++)
    difference[i] = (batch[CHECKED_FROM + i] as number) ^ (bytes[CHECKED_FROM + i] as number)
  const crc = batch.readUInt32BE(CRC) ^ crcOfChange(difference, bytes.length - RECORD_COUNT)
  bytes.writeUInt32BE(crc >>> 0, CRC)
  return bytes
}

/** An upper bound, quickly computed, for the bytes that the batch takes when it is encoded without compression. */
export function boundOf({ packed, count }: Batch): number {
  let bound = RECORDS + count * RECORD_FRAMING
  for (const run of packed) bound += run.length + Math.ceil(run.length / GROWTH_DIVISOR)
  return bound
}

/**
 * Puts the records of a batch through gzip. The level is the fastest one: the usual one takes three times as long and makes the
 * records a tenth smaller.
 */
function compressed(whole: Buffer): Buffer {
  const records = gzipSync(whole.subarray(RECORDS), { level: 1 })
  const bytes = Buffer.allocUnsafe(RECORDS + records.length)
  records.copy(bytes, RECORDS)
  return bytes
}

function writeHeader(bytes: Buffer, count: number, gzip: boolean): void {
  bytes.fill(0, BASE_OFFSET, BATCH_LENGTH)
  bytes.writeInt32BE(bytes.length - COUNTED_FROM, BATCH_LENGTH)
  // The leader fills in its epoch.
  bytes.writeInt32BE(-1, LEADER_EPOCH)
  bytes[MAGIC] = MAGIC_2
  bytes.writeInt16BE(gzip ? GZIP : 0, ATTRIBUTES)
  bytes.writeInt32BE(count - 1, LAST_OFFSET_DELTA)
  bytes.writeInt32BE(count, RECORD_COUNT)
}

function writeStamp(bytes: Buffer, { producerId, producerEpoch, baseSequence, timestamp }: BatchStamp): void {
  const time = BigInt(timestamp)
  bytes.writeBigInt64BE(time, BASE_TIMESTAMP)
  bytes.writeBigInt64BE(time, MAX_TIMESTAMP)
  bytes.writeBigInt64BE(producerId, PRODUCER_ID)
  bytes.writeInt16BE(producerEpoch, PRODUCER_EPOCH)
  bytes.writeInt32BE(baseSequence, BASE_SEQUENCE)
}

const NO_BYTES = new Uint8Array(0)

/** The output, and the packed records that are copied to it. */
interface Output {
  readonly bytes: Buffer
  at: number
  run: Uint8Array
}

/** Copies the packed record at `start` to the output. Answers where the next one begins. */
function writeRecord(to: Output, start: number, offsetDelta: number): number {
  const { bytes, run } = to
  // Room for a length of two bytes, which records of 64 to 8,191 bytes have.
  const body = to.at + 2
  let at = body
  bytes[at++] = 0 // attributes
  bytes[at++] = 0 // difference to the batch's time
  at = writeVarint(bytes, at, offsetDelta)
  bytes[at++] = 1 // no key: its length is −1
  const payload = start + PAYLOAD_LENGTH_BYTES
  const payloadLength = readPayloadLength(run, start)
  const properties = payload + payloadLength
  at = writeVarint(bytes, at, payloadLength)
  if (payloadLength > 0) bytes.set(run.subarray(payload, properties), at)
  to.at = at + payloadLength
  const next = writeHeaders(to, properties)
  closeRecord(to, body)
  return next
}

/** Writes the packed properties at `start` as headers. Answers the offset after them. */
function writeHeaders(to: Output, start: number): number {
  const { bytes, run } = to
  const cursor = { at: start }
  const texts = readLength(run, cursor)
  let from = cursor.at
  let at = writeVarint(bytes, to.at, texts >>> 1)
  for (let left = texts; left > 0; left--) {
    let length = run[from++] as number
    if (length < 64) bytes[at++] = length << 1
    else {
      cursor.at = from - 1
      length = readLength(run, cursor)
      from = cursor.at
      at = writeVarint(bytes, at, length)
    }
    // Most texts are so short that copying by a loop costs less than a call into Buffer.
    if (length < 64) for (const end = from + length; from < end; ) bytes[at++] = run[from++] as number
    else {
      bytes.set(run.subarray(from, from + length), at)
      from += length
      at += length
    }
  }
  to.at = at
  return from
}

/** Writes the length in front of a record whose body begins at `body`. Moves the body when its length does not take two bytes. */
function closeRecord(to: Output, body: number): void {
  const { bytes } = to
  const length = to.at - body
  if (length >= 64 && length < 8192) {
    bytes[body - 2] = ((length << 1) & 127) | 128
    bytes[body - 1] = length >>> 6
    return
  }
  const moved = body - 2 + (length < 64 ? 1 : length < 2 ** 20 ? 3 : length < 2 ** 27 ? 4 : 5)
  bytes.copyWithin(moved, body, to.at)
  writeVarint(bytes, body - 2, length)
  to.at = moved + length
}
