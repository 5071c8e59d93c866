import { packedRecordBytes, readRecord, writeRecord } from './message/packed-record.js'
import { recordBytes } from './message/record-bytes.js'
import type { PropertyList, WireMessage } from './message/wire-message.js'

/**
 * An ordered, non-empty run of records, in two forms of which a backend uses the one that suits its storage: `messages`,
 * made when they are first asked for, or `packed`. Immutable; the adaptor may hand the very same object in again.
 */
export interface Batch {
  /**
   * Ordinal of the first record in this writer's life, from 0: the batch's identity. The same batch keeps it when it is
   * sent again. It rises from batch to batch and may leave gaps (a batch refused forever is not sent again).
   */
  readonly sequence: number
  /** How many records. */
  readonly count: number
  /** Sum of `recordBytes` over the records. */
  readonly bytes: number
  readonly messages: readonly WireMessage[]
  /**
   * The same records, packed one behind the other as `readRecord` reads them: runs of bytes to be written, hashed or
   * scattered as they are. Each run holds whole records. The bytes belong to the adaptor and don't change until the append
   * has settled; a backend that needs them longer copies them.
   */
  readonly packed: readonly Uint8Array[]
}

/** A batch whose records are there as bytes. */
export function packedBatch(parts: Omit<Batch, 'messages'>): Batch {
  const { sequence, count, bytes, packed } = parts
  let messages: readonly WireMessage[] | undefined
  return {
    sequence,
    count,
    bytes,
    packed,
    // The object's own, so that a spread of a batch has them as well.
    get messages() {
      messages ??= unpacked(packed)
      return messages
    },
  }
}

/** A batch of these messages, for those who call a backend by hand: tests, tools, a kit. */
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
