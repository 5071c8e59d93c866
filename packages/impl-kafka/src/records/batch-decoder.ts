import type { MessageId, StoredMessage } from '@wal/walimpls'
import { crc32c } from '@wal/walimpls/helper'
import type { AbortedTransaction } from '../protocol/fetch.js'
import { AbortedTransactions } from './aborted-transactions.js'
import { type BatchHeader, batchBytes, damaged, readBatchHeader } from './batch-header.js'
import { CHECKED_FROM, CRC, RECORDS } from './batch-layout.js'
import { NO_COMPRESSION } from './codecs.js'
import { decompress } from './decompress.js'
import { PropertyReader, type RecordCursor } from './property-reader.js'
import { type Cursor, readVarint, skipVarlong } from './varint.js'

export interface RecordDecoderParts<I extends MessageId> {
  /** The topic, for errors. */
  readonly topic: string
  /** The id of the record at an offset. */
  idOf(offset: number): I
  /** The most bytes that the records of one compressed batch may take when they are decompressed. */
  readonly maxDecompressedBytes: number
}

export interface DecodeOptions {
  /** The offset that was asked for. Records below are left out. */
  readonly from: number
  /** The aborted transactions that the answer lists. */
  readonly aborted: readonly AbortedTransaction[]
  /**
   * Decoding stops behind the batch with which the records take so many bytes or more, decompressed. So an answer of a few
   * compressed batches does not become many times its size in memory. No limit when left out.
   */
  readonly maxBytes?: number
}

export interface DecodedRecords<I extends MessageId> {
  /** In the order of their offsets. Payloads are views of the answer, or of what was decompressed. */
  readonly messages: StoredMessage<I>[]
  /** The offset to ask for next: behind the last batch that was decoded, also when its records were left out. */
  readonly next: number
  /**
   * How many bytes the batch has that the answer cut off, as far as that is known; otherwise 0. When `next` is still what was
   * asked for, that batch was larger than the answer could be.
   */
  readonly cutBatchBytes: number
  /** The epoch of the leader that stored the last batch that was decoded; −1 when there is none. */
  readonly leaderEpoch: number
  /** The offset at which the first batch begins; undefined when there is none. */
  readonly firstOffset: number | undefined
}

/** What was decoded so far. */
interface Result<I extends MessageId> {
  readonly messages: StoredMessage<I>[]
  next: number
  cutBatchBytes: number
  leaderEpoch: number
  firstOffset: number | undefined
}

/** A record takes seven bytes at least. */
const SMALLEST_RECORD = 7
/** The type of the marker that aborts a transaction. */
const ABORT_MARKER = 0

/** Decodes the records of Fetch answers. One decoder for each topic, since it knows the properties of the record before. */
export class RecordDecoder<I extends MessageId> {
  readonly #parts: RecordDecoderParts<I>
  readonly #properties = new PropertyReader()

  constructor(parts: RecordDecoderParts<I>) {
    this.#parts = parts
  }

  /**
   * Decodes all whole batches. A batch that is cut off at the end is left out, since Kafka cuts answers by bytes; so are markers
   * of Kafka, and what belongs to aborted transactions. Throws `WAL_CORRUPT`, naming topic and offset, for bytes that no
   * producer can have stored, and `WAL_SPEC_UNSUPPORTED` for formats and compression codecs that this package does not know. When
   * there are records before such a place, these are answered instead, and `next` is the place: the next answer throws.
   */
  decode(records: Buffer, options: DecodeOptions): DecodedRecords<I> {
    const result: Result<I> = {
      ...{ messages: [], next: options.from, cutBatchBytes: 0 },
      ...{ leaderEpoch: -1, firstOffset: undefined },
    }
    try {
      this.#readBatches(records, options, result)
    } catch (error) {
      if (result.messages.length === 0) throw error
    }
    return result
  }

  #readBatches(records: Buffer, { from, aborted, maxBytes }: DecodeOptions, result: Result<I>): void {
    const { topic } = this.#parts
    const transactions = new AbortedTransactions(aborted)
    let at = 0
    let behind = 0
    let taken = 0
    while (maxBytes === undefined || taken < maxBytes) {
      const header = readBatchHeader(records, at, topic)
      if (header === undefined) {
        result.cutBatchBytes = batchBytes(records, at)
        return
      }
      if (header.baseOffset < behind)
        throw damaged(topic, header.baseOffset, `a batch lies behind one that ends at offset ${behind - 1}`)
      if (crc32c(records, header.start + CHECKED_FROM, header.end) !== crcOf(records, header))
        throw damaged(topic, header.baseOffset, 'the check sum of the batch is wrong')
      const hidden = transactions.has(header)
      if (header.control) {
        if (this.#isAbort(records, header)) transactions.ended(header.producerId)
      } else if (!hidden && header.lastOffset >= from) taken += this.#readBatch(records, header, result)
      at = header.end
      behind = header.lastOffset + 1
      result.next = Math.max(result.next, behind)
      result.leaderEpoch = header.leaderEpoch
      result.firstOffset ??= header.baseOffset
    }
  }

  /** Adds the batch's records from `result.next` on. Answers how many bytes the batch takes. */
  #readBatch(records: Buffer, header: BatchHeader, result: Result<I>): number {
    const { topic } = this.#parts
    const { baseOffset, lastOffset, count } = header
    const bytes = this.#recordsOf(records, header)
    if (count * SMALLEST_RECORD > bytes.length)
      throw damaged(topic, baseOffset, `the batch has no room for its ${count} records`)
    const cursor: RecordCursor = { bytes, at: 0, end: 0 }
    const first = result.messages.length
    const start = result.next
    let before = baseOffset - 1
    for (let left = count; left > 0; left--) {
      const length = readVarint(bytes, cursor)
      const end = cursor.at + length
      if (!(length >= SMALLEST_RECORD - 1 && end <= bytes.length))
        throw damaged(topic, before + 1, 'a record passes the end of its batch')
      cursor.at++ // attributes, of which none is in use
      skipVarlong(bytes, cursor) // difference to the time of the batch
      const offset = baseOffset + readVarint(bytes, cursor)
      if (!(offset > before && offset <= lastOffset))
        throw damaged(topic, before + 1, 'the offset of a record is outside its batch')
      before = offset
      if (offset < result.next) {
        cursor.at = end
        continue
      }
      cursor.end = end
      result.messages.push(this.#readRecord(offset, cursor))
      result.next = offset + 1
    }
    if (cursor.at !== bytes.length) {
      // Take the batch back. Otherwise the next read would begin behind it, and nobody would be told.
      result.messages.length = first
      result.next = start
      throw damaged(topic, baseOffset, 'bytes follow the last record of the batch')
    }
    return bytes.length
  }

  /** Reads a record from its key on. The key itself is not used. */
  #readRecord(offset: number, cursor: RecordCursor): StoredMessage<I> {
    const { bytes, end } = cursor
    const key = readVarint(bytes, cursor)
    if (!(key >= -1 && cursor.at + key <= end)) throw this.#badRecord(offset, 'its key passes its end')
    if (key > 0) cursor.at += key
    // A payload of length −1 is none: an empty one.
    const payloadLength = readVarint(bytes, cursor)
    const start = cursor.at
    const stop = payloadLength === -1 ? start : start + payloadLength
    if (!(stop >= start && stop <= end)) throw this.#badRecord(offset, 'its payload passes its end')
    cursor.at = stop
    const properties = this.#properties.read(cursor)
    if (!Array.isArray(properties)) throw this.#badRecord(offset, properties.what)
    return { id: this.#parts.idOf(offset), payload: bytes.subarray(start, stop), properties }
  }

  /** The records of a batch as bytes, decompressed. */
  #recordsOf(records: Buffer, { start, end, codec, baseOffset }: BatchHeader): Buffer {
    const bytes = records.subarray(start + RECORDS, end)
    if (codec === NO_COMPRESSION) return bytes
    const { topic, maxDecompressedBytes } = this.#parts
    return decompress(bytes, { codec, maxBytes: maxDecompressedBytes, topic, offset: baseOffset })
  }

  /** Whether a control batch aborts its producer's transaction. Its one record has the kind of marker in its key. */
  #isAbort(records: Buffer, header: BatchHeader): boolean {
    const bytes = records.subarray(header.start + RECORDS, header.end)
    const cursor: Cursor = { at: 0 }
    readVarint(bytes, cursor)
    cursor.at++
    skipVarlong(bytes, cursor)
    readVarint(bytes, cursor)
    const key = readVarint(bytes, cursor)
    if (!(key >= 4 && cursor.at + key <= bytes.length))
      throw this.#badRecord(header.baseOffset, 'the marker has no kind')
    // Two bytes of version come before the kind.
    return bytes.readInt16BE(cursor.at + 2) === ABORT_MARKER
  }

  #badRecord(offset: number, what: string): Error {
    return damaged(this.#parts.topic, offset, `the record can't be decoded: ${what}`)
  }
}

function crcOf(records: Buffer, header: BatchHeader): number {
  return records.readUInt32BE(header.start + CRC)
}
