import { corrupt } from '../errors/corrupt.js'
import { packedBytes, readProperties, writeProperties } from './property-codec.js'
import type { PropertyList, WireMessage } from './wire-message.js'

/**
 * How many bytes the payload's length takes in a packed record: an unsigned, little-endian 32-bit number in front of the
 * payload.
 */
export const PAYLOAD_LENGTH_BYTES = 4

/**
 * A record as bytes: the length of its payload (u32, little-endian), the payload, and its properties as `writeProperties`
 * packs them. This is how core hands records to a backend (`Batch.packed`), and what the file backend stores.
 */
export interface PackedRecord extends WireMessage {
  /** The offset of the first byte after the record. */
  readonly end: number
}

/** Exactly how many bytes `writeRecord` writes for the record. */
export function packedRecordBytes({ payload, properties }: WireMessage): number {
  return PAYLOAD_LENGTH_BYTES + payload.length + packedBytes(properties)
}

/** Writes a record, beginning at `at`. Answers the offset of the first byte after the record. */
export function writeRecord(bytes: Uint8Array, at: number, { payload, properties }: WireMessage): number {
  writePayloadLength(bytes, at, payload.length)
  bytes.set(payload, at + PAYLOAD_LENGTH_BYTES)
  return writeProperties(bytes, at + PAYLOAD_LENGTH_BYTES + payload.length, properties)
}

export function writePayloadLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length >>> 16
  bytes[at + 3] = length >>> 24
}

/** Reads a payload's length. Throws `WAL_CORRUPT` when the bytes end before the length does. */
export function readPayloadLength(bytes: Uint8Array, at: number): number {
  if (at + PAYLOAD_LENGTH_BYTES > bytes.length) throw corrupt('a packed record', 'it ends too early')
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  return low + (bytes[at + 3] as number) * 2 ** 24
}

/**
 * Reads the record at `at`. The payload is a view of `bytes`, not a copy. Throws `WAL_CORRUPT` for bytes that `writeRecord`
 * cannot have written. `previous` are the properties of the record before, which `readProperties` compares with to save time.
 */
export function readRecord(bytes: Uint8Array, at: number, previous?: PropertyList): PackedRecord {
  const start = at + PAYLOAD_LENGTH_BYTES
  const payloadEnd = start + readPayloadLength(bytes, at)
  if (payloadEnd > bytes.length) throw corrupt('a packed record', 'its payload passes the end')
  const { properties, end } = readProperties(bytes, payloadEnd, previous)
  return { payload: bytes.subarray(start, payloadEnd), properties, end }
}
