import {
  type Batch,
  batchOf,
  encodeUint64,
  MESSAGE_TYPE,
  type MessageId,
  RESERVED,
  type TimeTick,
  type WALImpls,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { abortable, retry } from '@wal/walimpls/helper'
import { isFenced, mayPass } from '../log/classify.js'
import { fencedBy } from '../log/newer-writer.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import type { Stamp } from '../message/stamp.js'
import { outlasting, reassertFence, release } from './reassert-fence.js'
import { viewOf, type WriterOpenOptions } from './writer-open-options.js'

/** The batch that makes a writer the current one: a time tick record that is marked as an opening record. */
export function openingBatch(
  stamp: Stamp,
  tick: { readonly sequence: number; readonly timeTick: TimeTick; readonly properties: readonly string[] },
): Batch {
  const message = {
    payload: new Uint8Array(0),
    properties: [
      ...stamp.texts(MESSAGE_TYPE.TimeTick, encodeUint64(tick.timeTick)),
      ...tick.properties,
      ...[RESERVED.opening, ''],
    ],
  }
  return batchOf(tick.sequence, [message])
}

/**
 * Stores the opening record, and returns the log in which it was stored. The same batch is sent until it is stored, again after
 * each failure that may pass. When the backend says that another writer took the fence, but the log names no newer writer, the
 * log is opened again and the batch is sent there.
 */
export async function appendOpening(
  open: WriterOpenOptions,
  first: WALImpls,
  { writer, batch }: { readonly writer: Writer; readonly batch: Batch },
): Promise<{ log: WALImpls; id: MessageId }> {
  let log = first
  let newerFound = false
  const shouldRetry = (error: unknown) => !newerFound && (isFenced(error) || mayPass(error))
  const append = async (): Promise<MessageId> => {
    try {
      // When the open was given up, the log may be closed while this call hangs.
      return (await abortable(log.append(batch), open.signal))[0] as MessageId
    } catch (error) {
      if (isFenced(error)) {
        newerFound = true
        log = await reassertFence({
          ...open,
          log,
          writer,
          look: () => lookForNewer(open, log, { writer, error }),
        })
        newerFound = false
      }
      throw error
    }
  }
  try {
    return { id: await retry(open.options.runtime, { ...outlasting(open), shouldRetry }, append), log }
  } catch (error) {
    // The caller closes the log that it passed in, and this function the one that it opened.
    if (log !== first) await release(log, open)
    throw withoutOutcome(error)
  }
}

/** Rejects when the log's current writer is newer than `writer`. `error`: the backend's error about the fence. */
async function lookForNewer(
  open: WriterOpenOptions,
  log: WALImpls,
  { writer, error }: { readonly writer: Writer; readonly error: unknown },
): Promise<void> {
  const end = await awaitLogEnd(viewOf(log, open), open.trouble)
  const fenced = fencedBy(end.writer, writer, { where: open.where, cause: error })
  if (fenced !== undefined) throw fenced
}

/** Turns the error of an append into one of an open: nothing of the caller's was appended, so the error names no outcome. */
function withoutOutcome(error: unknown): unknown {
  if (!WalError.isInstance(error) || !('outcome' in error)) return error
  return new WalError(error.code, error.message, { cause: error.cause, retryable: error.retryable })
}
