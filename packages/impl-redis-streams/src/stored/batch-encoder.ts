import { type Batch, invalidArgument } from '@wal/walimpls'
import { PAYLOAD_LENGTH_BYTES, readLength, readPayloadLength, recordTooLarge } from '@wal/walimpls/helper'
import { PAYLOAD_FIELD, PREVIOUS_FIELD } from './fields.js'

/**
 * The most texts that a record's properties may have. With more, Lua's `unpack` fails, and the script would break off in the
 * middle of the batch.
 */
const MAX_PROPERTY_TEXTS = 4000

const PAYLOAD_NAME = Buffer.from(PAYLOAD_FIELD)
const PREVIOUS_NAME = Buffer.from(PREVIOUS_FIELD)
const UNDERSCORE = 0x5f
/** The name of the payload field, encoded as MessagePack. */
const PACKED_PAYLOAD_NAME = Buffer.concat([Buffer.of(0xa0 | PAYLOAD_NAME.length), PAYLOAD_NAME])

export interface EncodedBatch {
  readonly bytes: Buffer
  /** The encoded size of the batch's largest record. */
  readonly largest: number
}

/** The most bytes that MessagePack puts before a text or a payload: its kind and its length. */
const FRAMING = 5

/**
 * Encodes a batch as one MessagePack value, `[[key, value, …, "_payload", payload], …]`. The server unpacks it in C, whereas
 * the same texts as separate arguments keep a whole core of Node busy (`docs/decisions/redis.md`). Bytes are copied from the
 * packed records, so that no text is made of them. Throws `WAL_INVALID_ARGUMENT`, or `WAL_MESSAGE_TOO_LARGE` for a record of
 * more than `maxRecordBytes`.
 */
export function encodeBatch({ packed, count }: Batch, maxRecordBytes: number): EncodedBatch {
  let bound = FRAMING
  for (const run of packed) bound += run.length + (FRAMING - 1) * checkRecords(run, maxRecordBytes)
  const bytes = Buffer.allocUnsafe(bound + count * (3 * FRAMING + PAYLOAD_NAME.length))
  const to: Output = { bytes, at: writeArrayHeader(bytes, 0, count), run: bytes }
  let largest = 0
  for (const run of packed) {
    to.run = run
    for (const from = { at: 0 }; from.at < run.length; ) {
      const start = to.at
      writeRecord(to, from)
      largest = Math.max(largest, to.at - start)
    }
  }
  return { bytes: bytes.subarray(0, to.at), largest }
}

/** Throws when a record cannot be stored. Answers how many texts the records of the batch have. */
function checkRecords(run: Uint8Array, maxRecordBytes: number): number {
  let all = 0
  for (const cursor = { at: 0 }; cursor.at < run.length; ) {
    let size = readPayloadLength(run, cursor.at)
    cursor.at += PAYLOAD_LENGTH_BYTES + size
    const texts = readLength(run, cursor)
    if (texts > MAX_PROPERTY_TEXTS)
      throw invalidArgument(`A message in Redis has at most ${MAX_PROPERTY_TEXTS / 2} properties`, texts / 2)
    for (let i = 0; i < texts; i++) {
      const length = readLength(run, cursor)
      const { at } = cursor
      if (i % 2 === 0 && run[at] === UNDERSCORE && isTaken(run.subarray(at, at + length)))
        throw invalidArgument(
          `In Redis the property keys ${PAYLOAD_FIELD} and ${PREVIOUS_FIELD} are the backend’s own`,
          Buffer.from(run.subarray(at, at + length)).toString(),
        )
      cursor.at += length
      size += length
    }
    if (size > maxRecordBytes) throw recordTooLarge(size, maxRecordBytes)
    all += texts
  }
  return all
}

/** Whether a property's key is the name of a field that this package itself uses. */
function isTaken(key: Uint8Array): boolean {
  return PAYLOAD_NAME.equals(key) || PREVIOUS_NAME.equals(key)
}

/** The output, and the packed records that are copied to it. */
interface Output {
  readonly bytes: Buffer
  at: number
  run: Uint8Array
}

/** Copies the record at `from.at` to the output, and moves `from.at` behind it. */
function writeRecord(to: Output, from: { at: number }): void {
  const { run } = to
  const payload = from.at + PAYLOAD_LENGTH_BYTES
  const payloadLength = readPayloadLength(run, from.at)
  from.at = payload + payloadLength
  const texts = readLength(run, from)
  to.at = writeArrayHeader(to.bytes, to.at, texts + 2)
  for (let i = 0; i < texts; i++) {
    const length = readLength(run, from)
    copyBytes(to, from.at, length)
    from.at += length
  }
  to.bytes.set(PACKED_PAYLOAD_NAME, to.at)
  to.at += PACKED_PAYLOAD_NAME.length
  copyBytes(to, payload, payloadLength)
}

function writeArrayHeader(bytes: Buffer, at: number, count: number): number {
  if (count < 16) {
    bytes[at] = 0x90 | count
    return at + 1
  }
  bytes[at] = 0xdd
  return bytes.writeUInt32BE(count, at + 1)
}

/** Most texts are so short that copying by a loop costs less than a call into Buffer. */
function copyBytes(to: Output, start: number, length: number): void {
  const { bytes, run } = to
  let at = writeLength(bytes, to.at, length)
  if (length < 32) for (let i = start; i < start + length; i++) bytes[at++] = run[i] as number
  else {
    bytes.set(run.subarray(start, start + length), at)
    at += length
  }
  to.at = at
}

/**
 * Writes a MessagePack text header of the old "raw" family, since the server's Lua library does not know the newer kind "bin".
 */
function writeLength(bytes: Buffer, at: number, length: number): number {
  if (length < 32) {
    bytes[at] = 0xa0 | length
    return at + 1
  }
  if (length < 0x1_0000) {
    bytes[at] = 0xda
    return bytes.writeUInt16BE(length, at + 1)
  }
  bytes[at] = 0xdb
  return bytes.writeUInt32BE(length, at + 1)
}
