import { batchOf } from '@wal/walimpls'
import { crc32c } from '@wal/walimpls/helper'
import type { RememberedProducer } from '../../src/protocol/describe-producers.js'
import { KAFKA_ERRORS } from '../../src/protocol/error-codes.js'
import type { AbortedTransaction, DivergingEpoch } from '../../src/protocol/fetch.js'
import { type BatchStamp, encodeRecordBatch } from '../../src/records/batch-encoder.js'
import { type BatchHeader, readBatchHeader } from '../../src/records/batch-header.js'
import {
  ATTRIBUTES,
  BASE_OFFSET,
  CHECKED_FROM,
  CONTROL_BIT,
  CRC,
  LEADER_EPOCH,
  TRANSACTIONAL_BIT,
} from '../../src/records/batch-layout.js'

const SEQUENCES = 2 ** 31
/** How many batches of a producer a broker recognises when they are sent again. */
const REMEMBERED_BATCHES = 5

interface Remembered {
  epoch: number
  lastSequence: number
  lastTimestamp: number
  transactionStart: number
  batches: { readonly first: number; readonly count: number; readonly offset: number }[]
}

interface Stored {
  readonly bytes: Buffer
  readonly header: BatchHeader
}

/**
 * A partition in memory, for unit tests: it judges batches by their producers as Kafka does, as far as the facts that were
 * measured on brokers say, and it can do what a partition does only in accidents.
 */
export class ScriptedPartition {
  readonly batches: Stored[] = []
  readonly producers = new Map<bigint, Remembered>()
  logStart = 0
  leaderEpoch = 0
  /** Where the high watermark of a new leader stands, as long as the leader does not know how far its log is acknowledged. */
  standsBackAt: number | undefined
  #time = 1000
  #end = 0
  readonly #epochs: { readonly epoch: number; readonly start: number }[] = [{ epoch: 0, start: 0 }]
  readonly #aborted: (AbortedTransaction & { readonly lastOffset: number })[] = []
  /** Resolved when something is stored. */
  #changed: (() => void)[] = []

  /** How many of the last records an answer to Fetch has that were stored after the broker looked up the end it tells. */
  storedMeanwhile = 0

  get end(): number {
    return this.#end
  }

  /** The offset behind the last record that readers may get. */
  get highWatermark(): number {
    return this.standsBackAt ?? this.#end
  }

  /** The offset behind the last of those that belongs to no open transaction. */
  get lastStable(): number {
    const open = [...this.producers.values()].map(({ transactionStart }) => transactionStart)
    return Math.min(this.highWatermark, ...open.filter((offset) => offset >= 0))
  }

  get remembered(): RememberedProducer[] {
    return [...this.producers].map(([id, { epoch, lastSequence, lastTimestamp, transactionStart }]) => ({
      ...{ producerId: id, producerEpoch: epoch, lastSequence, lastTimestamp },
      transactionStartOffset: transactionStart,
    }))
  }

  /** Stores a batch, or says why not. A batch that is remembered is answered with its first offset. */
  append(sent: Buffer): { readonly errorCode: number; readonly baseOffset: number } {
    const header = readBatchHeader(sent, 0, 'scripted') as BatchHeader
    if (crc32c(sent, CHECKED_FROM, header.end) !== sent.readUInt32BE(CRC))
      return { errorCode: KAFKA_ERRORS.CORRUPT_MESSAGE, baseOffset: -1 }
    const { producerId, producerEpoch, baseSequence, count, transactional } = header
    const known = this.producers.get(producerId)
    const again =
      known?.epoch === producerEpoch
        ? known.batches.find((batch) => batch.first === baseSequence && batch.count === count)
        : undefined
    if (again !== undefined) return { errorCode: 0, baseOffset: again.offset }
    const errorCode = known === undefined ? 0 : judged(known, producerEpoch, baseSequence)
    if (errorCode !== 0) return { errorCode, baseOffset: -1 }
    const offset = this.store(sent)
    if (producerId >= 0n) {
      const batches = known?.epoch === producerEpoch ? known.batches : []
      const start = known?.transactionStart ?? -1
      this.producers.set(producerId, {
        epoch: producerEpoch,
        lastSequence: (baseSequence + count - 1) % SEQUENCES,
        lastTimestamp: this.#time,
        transactionStart: transactional && start < 0 ? offset : start,
        batches: [...batches, { first: baseSequence, count, offset }].slice(-REMEMBERED_BATCHES),
      })
    }
    return { errorCode: 0, baseOffset: offset }
  }

  /** Stores bytes without judging them. Answers their first offset. */
  store(sent: Buffer): number {
    const bytes = Buffer.from(sent)
    const offset = this.#end
    bytes.writeBigInt64BE(BigInt(offset), BASE_OFFSET)
    bytes.writeInt32BE(this.leaderEpoch, LEADER_EPOCH)
    const header = readBatchHeader(bytes, 0, 'scripted') as BatchHeader
    this.batches.push({ bytes, header })
    this.#end = header.lastOffset + 1
    this.#time++
    for (const wake of this.#changed.splice(0)) wake()
    return offset
  }

  /** Resolves when something is stored, or the log changes otherwise. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  /** Stores messages of another client. */
  foreign(
    payloads: readonly string[],
    stamp: Partial<BatchStamp> & { readonly transactional?: boolean } = {},
  ) {
    return this.append(foreignBatch(payloads, stamp))
  }

  /** Ends the transaction of a producer, with the marker that Kafka stores then. */
  endTransaction(id: bigint, kind: 'abort' | 'commit'): void {
    const producer = this.producers.get(id)
    if (producer === undefined) throw new Error(`nobody knows the producer ${id}`)
    const lastOffset = this.store(marker(id, producer.epoch, kind))
    if (kind === 'abort')
      this.#aborted.push({ producerId: id, firstOffset: producer.transactionStart, lastOffset })
    producer.transactionStart = -1
  }

  /** Another leader is elected. It lacks what lies at `keep` and behind. */
  elect({ keep = this.#end }: { readonly keep?: number } = {}): void {
    while (this.batches.length > 0 && (this.batches.at(-1) as Stored).header.lastOffset >= keep)
      this.batches.pop()
    this.#end = Math.min(this.#end, keep)
    this.leaderEpoch++
    this.#epochs.push({ epoch: this.leaderEpoch, start: this.#end })
    for (const wake of this.#changed.splice(0)) wake()
  }

  /** The leader loads an older copy of its data, under the same epoch, as after its disk was set back. */
  setBack(keep: number): void {
    while (this.batches.length > 0 && (this.batches.at(-1) as Stored).header.lastOffset >= keep)
      this.batches.pop()
    this.#end = keep
  }

  /** The broker is started again: of each producer it remembers only the last batch. */
  restart(): void {
    for (const producer of this.producers.values()) producer.batches = producer.batches.slice(-1)
  }

  /** The transactions that were aborted, as far as a page from `from` to `to` has to do with them. */
  abortedIn(from: number, to: number): AbortedTransaction[] {
    return this.#aborted
      .filter(({ firstOffset, lastOffset }) => firstOffset < to && lastOffset >= from)
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }))
  }

  /** Batches from the one that has `offset` on, and below `end`. The last one may be cut off; with `whole` not the first one. */
  page(offset: number, end: number, { maxBytes, whole }: { maxBytes: number; whole: boolean }): Buffer {
    const batches = this.batches.filter(
      ({ header }) => header.lastOffset >= offset && header.baseOffset < end,
    )
    const bytes = Buffer.concat(batches.map((batch) => batch.bytes))
    return bytes.subarray(0, Math.max(maxBytes, whole ? (batches[0]?.bytes.length ?? 0) : 0))
  }

  /** Where the log of a reader, which has read up to `offset` in `epoch`, parts from this one. */
  diverging(epoch: number, offset: number): DivergingEpoch | undefined {
    const at = this.#epochs.filter((known) => known.epoch <= epoch).length - 1
    const found = this.#epochs[at]
    const endOffset = this.#epochs[at + 1]?.start ?? this.#end
    if (found === undefined || (found.epoch >= epoch && endOffset >= offset)) return undefined
    return { epoch: found.epoch, endOffset }
  }
}

function judged(known: Remembered, epoch: number, sequence: number): number {
  if (epoch < known.epoch) return KAFKA_ERRORS.INVALID_PRODUCER_EPOCH
  const next = epoch > known.epoch ? 0 : (known.lastSequence + 1) % SEQUENCES
  return sequence === next ? 0 : KAFKA_ERRORS.OUT_OF_ORDER_SEQUENCE_NUMBER
}

/** A batch as another client sends it. */
export function foreignBatch(
  payloads: readonly string[],
  { transactional = false, ...stamp }: Partial<BatchStamp> & { readonly transactional?: boolean } = {},
): Buffer {
  const messages = payloads.map((payload) => ({ payload: Buffer.from(payload), properties: [] }))
  const full = { producerId: -1n, producerEpoch: -1, baseSequence: -1, timestamp: 1, ...stamp }
  const bytes = encodeRecordBatch(batchOf(0, messages), full, { maxBytes: 2 ** 30 })
  return transactional ? withAttributes(bytes, TRANSACTIONAL_BIT) : bytes
}

/** The batch with which Kafka ends a transaction: one record, whose key has the kind of end. */
function marker(producerId: bigint, producerEpoch: number, kind: 'abort' | 'commit'): Buffer {
  const stamp = { producerId, producerEpoch, baseSequence: -1, timestamp: 1 }
  const one = batchOf(0, [{ payload: Buffer.alloc(10), properties: [] }])
  const bytes = encodeRecordBatch(one, stamp, { maxBytes: 1000 })
  // The record has 16 bytes behind its length: attributes, time, offset, no key, length and payload, no headers. In their place:
  // a key of four bytes and a value of five.
  const record = bytes.subarray(bytes.length - 16)
  record.set([0, 0, 0, 8, 0, 0, 0, kind === 'abort' ? 0 : 1, 12, 0, 0, 0, 0, 0, 0, 0])
  return withAttributes(bytes, TRANSACTIONAL_BIT | CONTROL_BIT)
}

function withAttributes(batch: Buffer, attributes: number): Buffer {
  const bytes = Buffer.from(batch)
  bytes.writeInt16BE(attributes, ATTRIBUTES)
  bytes.writeUInt32BE(crc32c(bytes, CHECKED_FROM, bytes.length), CRC)
  return bytes
}
