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

/** The batch with which a writer makes itself the current one: a time tick with the mark of an opening record. */
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
 * Stores the opening record. The same batch is sent until it is stored: again after a failure that passes, and again in a
 * log that is opened again when the backend says that another writer took the fence and the log itself names none. Answers
 * the log in which it was stored.
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
      // Once the open is given up, the log may be closed under a call that hangs.
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
    // The caller closes the log that it gave.
    if (log !== first) await release(log, open)
    throw withoutOutcome(error)
  }
}

/** Rejects when the log's current writer is newer. `error`: what the backend said of its fence. */
async function lookForNewer(
  open: WriterOpenOptions,
  log: WALImpls,
  { writer, error }: { readonly writer: Writer; readonly error: unknown },
): Promise<void> {
  const end = await awaitLogEnd(viewOf(log, open), open.trouble)
  const fenced = fencedBy(end.writer, writer, { where: open.where, cause: error })
  if (fenced !== undefined) throw fenced
}

/** The error of a failed append as an error of the open: nothing of the caller's was appended, so no outcome is told. */
function withoutOutcome(error: unknown): unknown {
  if (!WalError.isInstance(error) || !('outcome' in error)) return error
  return new WalError(error.code, error.message, { cause: error.cause, retryable: error.retryable })
}
