import type { Limits } from '@wal/walimpls'

/** The most that a batch of more than one record may have, in bytes, when the broker takes much larger ones. */
const MAX_BATCH_BYTES = 1024 * 1024
const MAX_BATCH_MESSAGES = 10_000
/**
 * How many bytes one counted byte takes at most. A property of one byte has a length of its own, and lengths of key and value;
 * the native driver carries its place among the others besides.
 */
const BYTES_FOR_ONE = 12
/** What Pulsar's form adds at most to a record, beside its properties, and to an entry. */
const RECORD_FRAMING_BYTES = 64
const ENTRY_FRAMING_BYTES = 10 * 1024

/**
 * The limits of a log on a broker that takes messages of this size. A record of one-byte properties takes up to twelve times
 * its bytes in Pulsar's form. So a batch of several records may have only a twelfth of what the broker takes, less what each
 * record adds.
 */
export function limitsOf(maxMessageBytes: number, maxInFlightBatches: number): Limits {
  const room = Math.max(1, maxMessageBytes - ENTRY_FRAMING_BYTES)
  const maxBatchMessages = Math.min(
    MAX_BATCH_MESSAGES,
    Math.max(1, Math.floor(room / 4 / RECORD_FRAMING_BYTES)),
  )
  const maxBatchBytes = Math.floor((room - maxBatchMessages * RECORD_FRAMING_BYTES) / BYTES_FOR_ONE)
  return {
    maxRecordBytes: room,
    maxBatchBytes: Math.max(1, Math.min(MAX_BATCH_BYTES, maxBatchBytes)),
    maxBatchMessages,
    maxInFlightBatches,
  }
}
