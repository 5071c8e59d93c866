import { packedRecordBytes, readRecord, writeRecord } from './message/packed-record.js'
import { recordBytes } from './message/record-bytes.js'
import type { PropertyList, WireMessage } from './message/wire-message.js'

/**
 * An ordered, non-empty run of records, in two forms: `messages`, which are made when somebody first asks for them, and
 * `packed`. A backend uses the form that suits its storage. A batch is immutable, and the adaptor may give the same object to
 * `append` a second time.
 */
export interface Batch {
  /**
   * The batch's identity: the ordinal of its first record among all records of this writer, from 0. A batch that is sent again
   * keeps its number. Numbers rise from batch to batch and may leave gaps, since a batch that was refused for good is not sent
   * again.
   */
  readonly sequence: number
  /** How many records the batch has. */
  readonly count: number
  /** The sum of `recordBytes` over the records of the batch. */
  readonly bytes: number
  readonly messages: readonly WireMessage[]
  /**
   * The records of the batch as bytes, one behind the other, each as `readRecord` reads it. A backend may write, hash or
   * scatter these runs of bytes as they are. Each run holds whole records. The bytes belong to the adaptor and do not change
   * until the append has settled; a backend that needs them longer copies them.
   */
  readonly packed: readonly Uint8Array[]
}

/** A batch that was made from packed bytes. Its `messages` are decoded from the bytes when somebody first asks for them. */
export function packedBatch(parts: Omit<Batch, 'messages'>): Batch {
  return new PackedBatch(parts) as PackedBatch & Pick<Batch, 'messages'>
}

class PackedBatch {
  readonly sequence: number
  readonly count: number
  readonly bytes: number
  readonly packed: readonly Uint8Array[]

  constructor({ sequence, count, bytes, packed }: Omit<Batch, 'messages'>) {
    this.sequence = sequence
    this.count = count
    this.bytes = bytes
    this.packed = packed
    // A getter of the object itself, not of the class, so that `{ ...batch }` has the messages too. One function serves all
    // batches: with a function for each, V8 would keep every batch as a table of its own, which is slow to read.
    Object.defineProperty(this, 'messages', MESSAGES)
  }
}

/** The messages of batches for which somebody has asked. */
const unpackedOf = new WeakMap<PackedBatch, readonly WireMessage[]>()

const MESSAGES: PropertyDescriptor & ThisType<PackedBatch> = {
  configurable: true,
  enumerable: true,
  get() {
    let messages = unpackedOf.get(this)
    if (messages === undefined) {
      messages = unpacked(this.packed)
      unpackedOf.set(this, messages)
    }
    return messages
  },
}

/** Makes a batch of these messages, for callers that use a backend without the adaptor: tests, tools, the conformance kit. */
export function batchOf(sequence: number, messages: readonly WireMessage[]): Batch {
  let length = 0
  let bytes = 0
  for (const message of messages) {
    length += packedRecordBytes(message)
    bytes += recordBytes(message)
  }
  const packed = Buffer.allocUnsafe(length)
  let at = 0
  for (const message of messages) at = writeRecord(packed, at, message)
  return packedBatch({ sequence, count: messages.length, bytes, packed: [packed] })
}

function unpacked(runs: readonly Uint8Array[]): WireMessage[] {
  const messages: WireMessage[] = []
  let previous: PropertyList | undefined
  for (const run of runs)
    for (let at = 0; at < run.length; ) {
      const { payload, properties, end } = readRecord(run, at, previous)
      messages.push({ payload, properties })
      previous = properties
      at = end
    }
  return messages
}
