import type { Limits } from '@wal/walimpls'
import type { PulsarDriver } from './driver/pulsar-driver.js'

/** The most that a batch of more than one record may have, in bytes, when the broker takes much larger ones. */
const MAX_BATCH_BYTES = 1024 * 1024
const MAX_BATCH_MESSAGES = 10_000
/**
 * What Pulsar's form adds at most: to a property of one byte, which then takes nine; to a record, beside its properties; to an
 * entry.
 */
const BYTES_FOR_ONE = 9
const RECORD_FRAMING_BYTES = 64
const ENTRY_FRAMING_BYTES = 10 * 1024

/**
 * The limits of a log on a broker that takes messages of this size. A record of one-byte properties takes nine times its bytes
 * in Pulsar's form: a message with two lengths for each property, and a length for each of its texts. So a batch of several
 * records may have only a ninth of what the broker takes, less what each record adds. A driver that carries properties a second
 * time says how much that adds.
 */
export function limitsOf(
  driver: Pick<PulsarDriver, 'maxMessageBytes' | 'bytesForOne'>,
  maxInFlightBatches: number,
): Limits {
  const { maxMessageBytes, bytesForOne = BYTES_FOR_ONE } = driver
  const room = Math.max(1, maxMessageBytes - ENTRY_FRAMING_BYTES)
  const maxBatchMessages = Math.min(
    MAX_BATCH_MESSAGES,
    Math.max(1, Math.floor(room / 4 / RECORD_FRAMING_BYTES)),
  )
  const maxBatchBytes = Math.floor((room - maxBatchMessages * RECORD_FRAMING_BYTES) / bytesForOne)
  return {
    maxRecordBytes: room,
    maxBatchBytes: Math.max(1, Math.min(MAX_BATCH_BYTES, maxBatchBytes)),
    maxBatchMessages,
    maxInFlightBatches,
  }
}
