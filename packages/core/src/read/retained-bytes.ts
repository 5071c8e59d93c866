import { RECORD_OVERHEAD_BYTES } from '../buffer/buffered-run.js'
import type { LogRecord } from '../log/log-record.js'

/**
 * The memory that stays in use while records are kept. A payload is a view of everything that was read with it, which may be a
 * thousand times as large. Records of the same read follow each other, so each read is counted once.
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
