import { RECORD_OVERHEAD_BYTES } from '../buffer/buffered-run.js'
import type { LogRecord } from '../log/log-record.js'

/**
 * What keeping records keeps: payloads are views of what was read in one go, which may be a thousand times as large. Those
 * that come from the same read follow each other.
 */
export function retainedBytes(records: readonly LogRecord[]): number {
  let bytes = records.length * RECORD_OVERHEAD_BYTES
  let last: ArrayBufferLike | undefined
  for (const { payload } of records) {
    const { buffer } = payload
    if (buffer === last) continue
    last = buffer
    bytes += buffer.byteLength
  }
  return bytes
}
