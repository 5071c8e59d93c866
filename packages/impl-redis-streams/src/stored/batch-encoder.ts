import { AppendError, type Batch, invalidArgument, recordBytes, type WireMessage } from '@wal/walimpls'
import { PAYLOAD_FIELD, PREVIOUS_FIELD } from './fields.js'

/** More arguments than Lua's `unpack` may put on the stack would break a batch off in its middle. */
const MAX_PROPERTY_TEXTS = 4000

const PAYLOAD_NAME = Buffer.from(PAYLOAD_FIELD)

export interface EncodedBatch {
  readonly bytes: Buffer
  /** Size of the largest record in it, encoded. */
  readonly largest: number
}

/** A text or the payload, at most: its kind and its length before it. */
const FRAMING = 5

/**
 * A batch as one MessagePack value, `[[key, value, …, "_payload", payload], …]`: the script unpacks it in C, while the
 * same as arguments of their own fills a core of Node (`docs/decisions/redis.md`). Throws `WAL_INVALID_ARGUMENT`, or
 * `WAL_MESSAGE_TOO_LARGE` for a record of more than `maxRecordBytes`.
 */
export function encodeBatch({ messages }: Batch, maxRecordBytes: number): EncodedBatch {
  let bound = FRAMING
  for (const message of messages) {
    const upper = upperBytes(message)
    // Texts are looked at one by one only where it may matter.
    if (upper > maxRecordBytes) checkSize(message, maxRecordBytes)
    check(message)
    bound += FRAMING * (message.properties.length + 3) + PAYLOAD_NAME.length + upper
  }
  const bytes = Buffer.allocUnsafe(bound)
  let at = writeArrayHeader(bytes, 0, messages.length)
  let largest = 0
  for (const { payload, properties } of messages) {
    const start = at
    at = writeArrayHeader(bytes, at, properties.length + 2)
    for (let i = 0; i < properties.length; i++) at = writeText(bytes, at, properties[i] as string)
    at = writeBytes(bytes, at, PAYLOAD_NAME)
    at = writeBytes(bytes, at, payload)
    largest = Math.max(largest, at - start)
  }
  return { bytes: bytes.subarray(0, at), largest }
}

/** No fewer than `recordBytes`: UTF-8 takes at most three bytes for a UTF-16 unit. */
function upperBytes({ payload, properties }: WireMessage): number {
  let units = 0
  for (let i = 0; i < properties.length; i++) units += (properties[i] as string).length
  return payload.length + 3 * units
}

function checkSize(message: WireMessage, maxRecordBytes: number): void {
  const size = recordBytes(message)
  if (size > maxRecordBytes)
    throw new AppendError(
      'WAL_MESSAGE_TOO_LARGE',
      `A record of ${size} bytes can't be stored; the largest has ${maxRecordBytes} bytes.`,
      { outcome: 'not-written' },
    )
}

function check({ properties }: WireMessage): void {
  if (properties.length > MAX_PROPERTY_TEXTS)
    throw invalidArgument(
      `A message in Redis has at most ${MAX_PROPERTY_TEXTS / 2} properties`,
      properties.length / 2,
    )
  for (let i = 0; i < properties.length; i += 2) {
    const key = properties[i] as string
    if (key.charCodeAt(0) === 0x5f && (key === PAYLOAD_FIELD || key === PREVIOUS_FIELD))
      throw invalidArgument(
        `In Redis the property keys ${PAYLOAD_FIELD} and ${PREVIOUS_FIELD} are the backend’s own`,
        key,
      )
  }
}

function writeArrayHeader(bytes: Buffer, at: number, count: number): number {
  if (count < 16) {
    bytes[at] = 0x90 | count
    return at + 1
  }
  bytes[at] = 0xdd
  return bytes.writeUInt32BE(count, at + 1)
}

/** Texts are short and mostly ASCII: written here they cost less than a call into Buffer. */
function writeText(bytes: Buffer, at: number, text: string): number {
  const { length } = text
  if (length < 32) {
    let end = at + 1
    let i = 0
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      bytes[end++] = unit
    }
    if (i === length) {
      bytes[at] = 0xa0 | length
      return end
    }
  }
  const start = writeLength(bytes, at, Buffer.byteLength(text))
  return start + bytes.write(text, start)
}

function writeBytes(bytes: Buffer, at: number, value: Uint8Array): number {
  const start = writeLength(bytes, at, value.length)
  bytes.set(value, start)
  return start + value.length
}

/** Of the old "raw" family: the server's Lua library does not know the newer "bin". */
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
