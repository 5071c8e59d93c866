import { BinaryReader } from '@bufbuild/protobuf/wire'
import { corrupt, type StoredMessage, WalError } from '@wal/walimpls'
import { Damage } from './damage.js'
import type { DecodedEntry, Place } from './decoded-entry.js'
import { decompress, isKnownCompression } from './decompress.js'
import { type EntryMetadata, readEntryMetadata } from './entry-metadata.js'
import type { PulsarId } from './message-id.js'
import { messageIds } from './message-ids.js'
import {
  LENGTH_DELIMITED,
  SINGLE_COMPACTED_OUT,
  SINGLE_PAYLOAD_SIZE,
  SINGLE_PROPERTIES,
  SIZE_BYTES,
  VARINT,
} from './metadata-fields.js'
import { type MetadataCursor, PropertyReader } from './property-reader.js'
import { readVarint } from './varint.js'
import { WRITER_NAME } from './writer-name.js'

type Stored = StoredMessage<PulsarId>

/** A message takes the size of its metadata, and in these the size of its payload. */
const SMALLEST_MESSAGE = SIZE_BYTES + 2

const PROPERTY_TAG = (SINGLE_PROPERTIES << 3) | LENGTH_DELIMITED
const PAYLOAD_SIZE_TAG = (SINGLE_PAYLOAD_SIZE << 3) | VARINT

/** Decodes the entries of a topic. One decoder for each reader, since it knows the properties of the message before. */
export class EntryDecoder {
  readonly #topic: string
  readonly #properties = new PropertyReader()

  /** `topic` is for errors. */
  constructor(topic: string) {
    this.#topic = topic
  }

  /**
   * Decodes what stands behind the check sum of an entry: the size of the metadata, the metadata and the payload. Reads the
   * metadata alone, and never throws: `records` of a damaged entry does, so that entries before it are delivered first. The
   * payloads of the records are views of the bytes, or of what was decompressed.
   */
  decode(headersAndPayload: Buffer, place: Place): DecodedEntry {
    const bytes = headersAndPayload.length
    try {
      const metadata = readEntryMetadata(headersAndPayload)
      checkCount(metadata, headersAndPayload)
      const { sequence, batchSize, uncompressedSize } = metadata
      const producer = nameOf(metadata)
      return {
        place,
        count: batchSize ?? 1,
        bytes: Math.max(bytes, uncompressedSize),
        producer,
        sequence,
        records: () => this.#guarded(place, () => this.#records(headersAndPayload, metadata, place)),
      }
    } catch (error) {
      const records = () =>
        this.#guarded(place, () => {
          throw error
        })
      return { place, count: 1, bytes, producer: undefined, sequence: undefined, records }
    }
  }

  #guarded(place: Place, run: () => Stored[]): Stored[] {
    try {
      return run()
    } catch (error) {
      if (error instanceof Damage) throw corrupt(this.#where(place), error.message, error.cause)
      throw error
    }
  }

  #where({ ledger, entry }: Place): string {
    return `topic "${this.#topic}", entry ${ledger}:${entry}`
  }

  #records(bytes: Buffer, metadata: EntryMetadata, place: Place): Stored[] {
    if (metadata.marker) return []
    if (metadata.refused !== undefined || !isKnownCompression(metadata.compression))
      throw new WalError(
        'WAL_SPEC_UNSUPPORTED',
        `${this.#where(place)}: the entry can't be read, since ${metadata.refused ?? `it is compressed with codec ${metadata.compression}, and this package knows LZ4 (1), ZLIB (2), ZSTD (3) and SNAPPY (4)`}. Another application stored it.`,
      )
    const payload = decompress(bytes.subarray(metadata.payloadAt), metadata)
    if (metadata.batchSize !== undefined) return this.#batch(payload, metadata.batchSize, place)
    this.#properties.begin()
    for (const property of metadata.properties) this.#properties.add(property)
    return [{ id: messageIds.of(place, 0), payload, properties: this.#properties.finish() }]
  }

  #batch(bytes: Buffer, count: number, place: Place): Stored[] {
    const records: Stored[] = []
    const reader = this.#properties
    const cursor: MetadataCursor = { bytes, at: 0, end: 0 }
    for (let index = 0; index < count; index++) {
      if (cursor.at + SMALLEST_MESSAGE > bytes.length)
        throw new Damage(`the batch ends within message ${index} of ${count}`)
      const start = cursor.at + SIZE_BYTES
      cursor.end = start + bytes.readUInt32BE(cursor.at)
      if (cursor.end > bytes.length) throw new Damage(`the metadata of message ${index} pass the end`)
      cursor.at = start
      reader.begin()
      const { payloadSize, compactedOut } = readSingle(cursor, reader)
      if (!(payloadSize >= 0)) throw new Damage(`the payload of message ${index} has no possible size`)
      const payloadEnd = cursor.end + payloadSize
      if (payloadEnd > bytes.length) throw new Damage(`the payload of message ${index} passes the end`)
      const properties = reader.finish()
      if (!compactedOut)
        records.push({
          id: messageIds.of(place, index),
          payload: bytes.subarray(cursor.end, payloadEnd),
          properties,
        })
      cursor.at = payloadEnd
    }
    if (cursor.at !== bytes.length) throw new Damage('bytes follow the last message of the batch')
    return records
  }
}

/**
 * Under which name an entry was sent. The native client stores the name by which the broker knows every writer, so the native
 * driver gives the writer's own as the key of the first message.
 */
function nameOf({ producer, partitionKey }: EntryMetadata): string {
  return producer === WRITER_NAME && partitionKey !== '' ? partitionKey : producer
}

/** Refuses a number of messages for which the entry has no room, before anything is allocated for them. */
function checkCount(metadata: EntryMetadata, bytes: Buffer): void {
  const { batchSize, compression, uncompressedSize, payloadAt } = metadata
  if (batchSize === undefined || metadata.refused !== undefined) return
  const room = compression === 0 ? bytes.length - payloadAt : uncompressedSize
  if (batchSize < 1 || batchSize * SMALLEST_MESSAGE > room)
    throw new Damage(`the batch can't have ${batchSize} messages in ${room} bytes`)
}

interface Single {
  /** Below zero when it is missing, or no possible size. */
  payloadSize: number
  compactedOut: boolean
}

/** Reads the metadata of a message of a batch, adding its properties to `properties`. */
function readSingle(cursor: MetadataCursor, properties: PropertyReader): Single {
  properties.read(cursor, PROPERTY_TAG)
  const { bytes, end } = cursor
  let payloadSize = -1
  if (cursor.at < end && bytes[cursor.at] === PAYLOAD_SIZE_TAG) {
    cursor.at++
    payloadSize = readVarint(bytes, cursor)
    // Behind a size that is none nothing can be read.
    if (Number.isNaN(payloadSize) || cursor.at > end) payloadSize = -1
    else if (cursor.at < end) return readOtherFields(cursor, properties, payloadSize)
    return { payloadSize, compactedOut: false }
  }
  return readOtherFields(cursor, properties, payloadSize)
}

/** Reads the fields behind the usual ones, in any form that protobuf allows. */
function readOtherFields(cursor: MetadataCursor, properties: PropertyReader, payloadSize: number): Single {
  const single = { payloadSize, compactedOut: false }
  const rest = cursor.bytes.subarray(cursor.at, cursor.end)
  const reader = new BinaryReader(rest)
  try {
    while (reader.pos < reader.len) {
      const [field, kind] = reader.tag()
      if (field === SINGLE_PAYLOAD_SIZE && kind === VARINT) single.payloadSize = reader.int32()
      else if (field === SINGLE_COMPACTED_OUT && kind === VARINT) single.compactedOut = reader.bool()
      else if (field === SINGLE_PROPERTIES && kind === LENGTH_DELIMITED) {
        const property = reader.bytes()
        properties.add(Buffer.from(property.buffer, property.byteOffset, property.length))
      } else reader.skip(kind, field)
    }
  } catch (error) {
    if (error instanceof Damage) throw error
    throw new Damage(`the metadata of a message can't be read: ${(error as Error).message}`)
  }
  return single
}
