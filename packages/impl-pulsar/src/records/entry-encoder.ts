import { BinaryWriter } from '@bufbuild/protobuf/wire'
import type { Batch } from '@wal/walimpls'
import {
  lengthBytes,
  PAYLOAD_LENGTH_BYTES,
  readLength,
  readPayloadLength,
  writeLength,
} from '@wal/walimpls/helper'
import {
  KEY,
  LENGTH_DELIMITED,
  NUM_MESSAGES_IN_BATCH,
  PRODUCER_NAME,
  PUBLISH_TIME,
  SEQUENCE_ID,
  SINGLE_PAYLOAD_SIZE,
  SINGLE_PROPERTIES,
  SIZE_BYTES,
  VALUE,
  VARINT,
} from './metadata-fields.js'

/** A batch as the payload of an entry, made before it is known under which number and when it is sent. */
export interface EncodedMessages {
  /** How many messages the entry has. */
  readonly count: number
  /** The messages of the batch, one behind the other. */
  readonly payload: Buffer
  /** The name of the producer in the entry's metadata. */
  readonly producer: string
  /** The most bytes that the entry takes, under any number and at any time. */
  readonly bytes: number
}

/** What the metadata of an entry says about this sending. */
export interface EntryStamp {
  readonly sequence: number
  /** In milliseconds since 1970. */
  readonly publishTime: number
}

/** The magic number and the check sum in front of an entry, which the broker counts as part of it. */
const CHECKSUM_BYTES = 6
/** The longest sequence id and publish time: numbers up to 2^53 and 2^49, each with its tag. */
const STAMP_BYTES = 9 + 8

/**
 * Encodes the records of a batch as the messages of one Pulsar entry, as Pulsar's clients make a batch: payloads as they are,
 * properties in their order. Bytes are copied from the packed records, so no text is made of them.
 */
export function encodeMessages(batch: Batch, { producer }: { readonly producer: string }): EncodedMessages {
  const { count } = batch
  const to: Output = { bytes: Buffer.allocUnsafe(likelyBytes(batch)), at: 0, run: NO_BYTES }
  for (const run of batch.packed) {
    to.run = run
    for (let from = 0; from < run.length; ) from = writeMessage(to, from)
  }
  const payload = to.bytes.subarray(0, to.at)
  const name = Buffer.byteLength(producer)
  const metadata = 1 + lengthBytes(name) + name + STAMP_BYTES + 1 + lengthBytes(count)
  return { count, payload, producer, bytes: CHECKSUM_BYTES + SIZE_BYTES + metadata + payload.length }
}

/** What stands behind the check sum of an entry: the size of the metadata, the metadata, and the payload. */
export function headersAndPayload(encoded: EncodedMessages, stamp: EntryStamp): Buffer[] {
  const metadata = new BinaryWriter()
    .tag(PRODUCER_NAME, LENGTH_DELIMITED)
    .string(encoded.producer)
    .tag(SEQUENCE_ID, VARINT)
    .uint64(stamp.sequence)
    .tag(PUBLISH_TIME, VARINT)
    .uint64(stamp.publishTime)
    .tag(NUM_MESSAGES_IN_BATCH, VARINT)
    .int32(encoded.count)
    .finish()
  const header = Buffer.allocUnsafe(SIZE_BYTES + metadata.length)
  header.writeUInt32BE(metadata.length, 0)
  header.set(metadata, SIZE_BYTES)
  return [header, encoded.payload]
}

/** Exactly how many bytes the entry takes when it is sent with this stamp, with magic number and check sum. */
export function entryBytes(encoded: EncodedMessages, stamp: EntryStamp): number {
  return headersAndPayload(encoded, stamp).reduce((sum, part) => sum + part.length, CHECKSUM_BYTES)
}

const NO_BYTES = new Uint8Array(0)

/** The output, and the packed records that are copied to it. */
interface Output {
  bytes: Buffer
  at: number
  run: Uint8Array
}

/** The bytes of a message that are no property, apart from its payload: two sizes and a tag. */
const MESSAGE_FRAMING = SIZE_BYTES + 1 + 5
/** The bytes of a property that are not in the packed record: its tag, its length, and the tags of key and value. */
const PROPERTY_FRAMING = 1 + 5 + 2

/** The size that the output begins with: enough for records with ten properties each. It grows where that is too little. */
function likelyBytes({ packed, count }: Batch): number {
  let bytes = count * (MESSAGE_FRAMING + 10 * 4)
  for (const run of packed) bytes += run.length
  return bytes
}

const PROPERTY_TAG = (SINGLE_PROPERTIES << 3) | LENGTH_DELIMITED
const KEY_TAG = (KEY << 3) | LENGTH_DELIMITED
const VALUE_TAG = (VALUE << 3) | LENGTH_DELIMITED
const PAYLOAD_SIZE_TAG = (SINGLE_PAYLOAD_SIZE << 3) | VARINT

/** Copies the packed record at `start` to the output. Answers where the next one begins. */
function writeMessage(to: Output, start: number): number {
  const { run } = to
  const payload = start + PAYLOAD_LENGTH_BYTES
  const payloadLength = readPayloadLength(run, start)
  const properties = payload + payloadLength
  makeRoom(to, MESSAGE_FRAMING + payloadLength)
  const begin = to.at
  to.at += SIZE_BYTES
  const next = writeProperties(to, properties)
  makeRoom(to, MESSAGE_FRAMING + payloadLength)
  const { bytes } = to
  bytes[to.at] = PAYLOAD_SIZE_TAG
  const end = writeLength(bytes, to.at + 1, payloadLength)
  const size = end - begin - SIZE_BYTES
  bytes[begin] = size >>> 24
  bytes[begin + 1] = size >>> 16
  bytes[begin + 2] = size >>> 8
  bytes[begin + 3] = size
  if (payloadLength > 0) bytes.set(run.subarray(payload, properties), end)
  to.at = end + payloadLength
  return next
}

/** Writes the packed properties at `start`. Answers the offset after them. */
function writeProperties(to: Output, start: number): number {
  const { run } = to
  const cursor = { at: start }
  let left = readLength(run, cursor)
  let from = cursor.at
  let { bytes, at } = to
  for (; left > 0; left -= 2) {
    // Packed texts have the lengths that protobuf writes too, so key and value are copied with the lengths in front of them.
    const valueFrom = endOfText(run, from, cursor)
    const next = endOfText(run, valueFrom, cursor)
    const length = next - from
    if (at + length + PROPERTY_FRAMING > bytes.length) {
      to.at = at
      makeRoom(to, length + PROPERTY_FRAMING)
      bytes = to.bytes
    }
    bytes[at++] = PROPERTY_TAG
    if (length < 126) bytes[at++] = length + 2
    else at = writeLength(bytes, at, length + 2)
    bytes[at++] = KEY_TAG
    // Most texts are so short that copying by a loop costs less than a call into Buffer.
    if (length < 64) {
      while (from < valueFrom) bytes[at++] = run[from++] as number
      bytes[at++] = VALUE_TAG
      while (from < next) bytes[at++] = run[from++] as number
    } else {
      bytes.set(run.subarray(from, valueFrom), at)
      at += valueFrom - from
      bytes[at++] = VALUE_TAG
      bytes.set(run.subarray(valueFrom, next), at)
      at += next - valueFrom
      from = next
    }
  }
  to.at = at
  return from
}

/** Where the packed text at `from` ends. */
function endOfText(run: Uint8Array, from: number, cursor: { at: number }): number {
  const short = run[from] as number
  if (short < 128) return from + 1 + short
  cursor.at = from
  const length = readLength(run, cursor)
  return cursor.at + length
}

/** Makes sure that so many bytes fit behind those that were written. */
function makeRoom(to: Output, more: number): void {
  const needed = to.at + more
  if (needed <= to.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(needed, 2 * to.bytes.length))
  to.bytes.copy(larger, 0, 0, to.at)
  to.bytes = larger
}
