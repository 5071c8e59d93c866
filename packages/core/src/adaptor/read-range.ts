import {
  type MessageId,
  type MessageIdCodec,
  type ReadOnlyWALImpls,
  type StartPosition,
  WalError,
} from '@wal/walimpls'
import { isTruncated } from '../errors/classify.js'
import { decodeRecord, type LogRecord } from '../read/log-record.js'
import { READ_BYTES } from '../read/read-context.js'

/** Calls `see` with every record from `start` up to and including `end`. */
export async function readRange(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  start: StartPosition,
  end: MessageId,
  see: (record: LogRecord) => void,
  signal?: AbortSignal,
): Promise<void> {
  const scanner = log.read({ start, maxBytes: READ_BYTES, ...(signal === undefined ? {} : { signal }) })
  try {
    for (;;) {
      const batch = await scanner.next()
      if (batch === undefined) throw new WalError('WAL_CLOSED', `${where}: closed while its end was read`)
      for (const stored of batch) {
        const order = ids.compare(stored.id, end)
        if (order > 0) return
        see(decodeRecord(stored, where, ids))
        if (order === 0) return
      }
    }
  } finally {
    await scanner.close()
  }
}

/** As `readRange`, from the oldest record when `start` has been truncated, though some may then be seen twice. */
export async function readKept(
  log: ReadOnlyWALImpls,
  ids: MessageIdCodec,
  where: string,
  start: StartPosition,
  end: MessageId,
  see: (record: LogRecord) => void,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await readRange(log, ids, where, start, end, see, signal)
  } catch (error) {
    if (start === 'oldest' || !isTruncated(error)) throw error
    await readRange(log, ids, where, 'oldest', end, see, signal)
  }
}
