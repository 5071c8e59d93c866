import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire'
import { Damage } from './damage.js'
import {
  COMPRESSION,
  ENCRYPTION_KEYS,
  LENGTH_DELIMITED,
  MARKER_TYPE,
  NUM_CHUNKS_FROM_MSG,
  NUM_MESSAGES_IN_BATCH,
  PARTITION_KEY,
  PRODUCER_NAME,
  PROPERTIES,
  SEQUENCE_ID,
  SIZE_BYTES,
  TXNID_LEAST_BITS,
  TXNID_MOST_BITS,
  UNCOMPRESSED_SIZE,
  VARINT,
} from './metadata-fields.js'

/** What the metadata in front of an entry says. */
export interface EntryMetadata {
  readonly producer: string
  readonly sequence: number
  /** The key of the first message; empty when it has none. */
  readonly partitionKey: string
  /** How many messages the entry's batch has; undefined for a message that is in no batch. */
  readonly batchSize: number | undefined
  /** The properties of a message that is in no batch, each in its encoded form. */
  readonly properties: readonly Buffer[]
  /** The number of the compression; 0 when there is none. */
  readonly compression: number
  /** How many bytes the payload has when it is decompressed. */
  readonly uncompressedSize: number
  /** Set for what this package does not read: half a sentence for an error, such as `it is encrypted`. */
  readonly refused: string | undefined
  /** Whether it is a marker that the broker stored for itself. */
  readonly marker: boolean
  /** Where the payload begins. */
  readonly payloadAt: number
}

/** The kinds of the fields that are read. A field of another kind is damage: every client writes these. */
const KINDS: Readonly<Record<number, number>> = {
  [PRODUCER_NAME]: LENGTH_DELIMITED,
  [SEQUENCE_ID]: VARINT,
  [PROPERTIES]: LENGTH_DELIMITED,
  [PARTITION_KEY]: LENGTH_DELIMITED,
  [COMPRESSION]: VARINT,
  [UNCOMPRESSED_SIZE]: VARINT,
  [NUM_MESSAGES_IN_BATCH]: VARINT,
  [ENCRYPTION_KEYS]: LENGTH_DELIMITED,
  [MARKER_TYPE]: VARINT,
  [TXNID_LEAST_BITS]: VARINT,
  [TXNID_MOST_BITS]: VARINT,
  [NUM_CHUNKS_FROM_MSG]: VARINT,
}

type Fields = { -readonly [K in keyof EntryMetadata]: EntryMetadata[K] } & { properties: Buffer[] }

/** Reads the metadata with its size in front. Throws `Damage`. */
export function readEntryMetadata(bytes: Buffer): EntryMetadata {
  if (bytes.length < SIZE_BYTES) throw new Damage('the entry ends within the size of its metadata')
  const payloadAt = SIZE_BYTES + bytes.readUInt32BE(0)
  if (payloadAt > bytes.length) throw new Damage('the metadata of the entry pass its end')
  const fields: Fields = {
    producer: '',
    sequence: -1,
    batchSize: undefined,
    properties: [],
    compression: 0,
    uncompressedSize: 0,
    refused: undefined,
    marker: false,
    payloadAt,
    partitionKey: '',
  }
  try {
    const reader = new BinaryReader(bytes.subarray(SIZE_BYTES, payloadAt))
    while (reader.pos < reader.len) readField(reader, fields)
  } catch (error) {
    if (error instanceof Damage) throw error
    // The reader of protobuf throws errors of its own for bytes that end too early.
    throw new Damage(`the metadata of the entry can't be read: ${(error as Error).message}`)
  }
  if (fields.sequence < 0) throw new Damage('the entry has no sequence id')
  if (!Number.isSafeInteger(fields.sequence)) throw new Damage('the sequence id of the entry is above 2^53')
  return fields
}

function readField(reader: BinaryReader, fields: Fields): void {
  const [field, kind] = reader.tag()
  if (KINDS[field] !== undefined && KINDS[field] !== kind)
    throw new Damage(`field ${field} of the metadata is of another kind than Pulsar writes`)
  switch (field) {
    case PRODUCER_NAME:
      fields.producer = reader.string()
      return
    case PARTITION_KEY:
      fields.partitionKey = reader.string()
      return
    case SEQUENCE_ID:
      fields.sequence = Number(reader.uint64())
      return
    case PROPERTIES:
      fields.properties.push(bufferOf(reader.bytes()))
      return
    case COMPRESSION:
      fields.compression = reader.int32()
      return
    case UNCOMPRESSED_SIZE:
      fields.uncompressedSize = reader.uint32()
      return
    case NUM_MESSAGES_IN_BATCH:
      fields.batchSize = reader.int32()
      return
    case MARKER_TYPE:
      reader.int32()
      fields.marker = true
      return
    case NUM_CHUNKS_FROM_MSG:
      if (reader.int32() > 1) fields.refused = 'it is a chunk of a larger message'
      return
    case ENCRYPTION_KEYS:
      fields.refused = 'it is encrypted'
      break
    case TXNID_LEAST_BITS:
    case TXNID_MOST_BITS:
      fields.refused = 'it belongs to a transaction'
  }
  reader.skip(kind as WireType, field)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
