import type { Batch } from '../batch.js'
import type { AppendError } from '../errors/append-error.js'
import { recordBytes } from '../message/record-bytes.js'
import { notWritten } from './not-written.js'

/** The error of an append with a record that is larger than the backend stores. Sizes are in bytes, as `recordBytes` counts. */
export function recordTooLarge(bytes: number, maxRecordBytes: number): AppendError {
  return notWritten(
    'WAL_MESSAGE_TOO_LARGE',
    `A record of ${bytes} bytes can't be stored; the largest has ${maxRecordBytes} bytes.`,
  )
}

/** The same error, for a batch with such a record. Undefined when every record of the batch can be stored. */
export function tooLargeIn(batch: Batch, maxRecordBytes: number): AppendError | undefined {
  if (batch.bytes <= maxRecordBytes) return undefined
  // The lists of `messages` are made only now: for a backend that stores bytes they cost as much as the rest of an append.
  const large = batch.messages.find((message) => recordBytes(message) > maxRecordBytes)
  return large && recordTooLarge(recordBytes(large), maxRecordBytes)
}
