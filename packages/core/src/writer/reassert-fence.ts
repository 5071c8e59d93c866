import type { OpenerImpls, ReadOnlyWALImpls, WALImpls, Writer } from '@wal/walimpls'
import { type RetryOptions, retry, sleep } from '@wal/walimpls/helper'
import type { Trouble } from '../diagnostics/trouble.js'
import { closeWithin } from '../lifetime/close-within.js'
import { mayPass } from '../log/classify.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'

const OPENING_FAILED = 'opening failed, trying again'

/** Where a log is opened for writing, and what ends that. */
export interface OpenPlace {
  readonly opener: OpenerImpls
  readonly channel: string
  /** For messages: backend and channel. */
  readonly where: string
  readonly options: ResolvedWalOptions
  readonly signal: AbortSignal
  /** Is told every failure that the open outlasts. */
  readonly trouble: Trouble
}

/**
 * The backend says that another writer took the fence. Look into the log, wait with jitter, look again: `look` rejects when
 * it finds a newer writer there. Otherwise the log is opened again as the same writer, which takes the fence back. A writer
 * that opens in the meantime is found by the look that follows the first batch stored.
 */
export async function reassertFence(
  options: OpenPlace & {
    readonly log: WALImpls
    readonly writer: Writer
    readonly look: () => Promise<void>
    /** Called just before `log` is closed. */
    readonly beforeClose?: () => void
  },
): Promise<WALImpls> {
  const { opener, channel, signal, log, writer, look, beforeClose } = options
  const { runtime } = options.options
  await look()
  // A successor that has the fence but not yet its opening record gets the time to store it.
  await sleep(runtime, 50 + 100 * runtime.random(), signal)
  await look()
  beforeClose?.()
  // Its connection may be gone: that is no reason not to open another.
  await release(log, options)
  return retry(runtime, { ...outlasting(options), firstMs: 50 }, () =>
    opener.open(channel, writer, { signal }),
  )
}

/** How an open goes on through failures that pass. */
export function outlasting({ signal, trouble }: Pick<OpenPlace, 'signal' | 'trouble'>): RetryOptions {
  return { signal, shouldRetry: mayPass, failed: (error) => trouble.failed(error, OPENING_FAILED) }
}

/** Closes a log that is needed no more. How that ends changes nothing about what its caller is told. */
export async function release(
  log: ReadOnlyWALImpls,
  { where, options: { runtime, logger } }: Pick<OpenPlace, 'where' | 'options'>,
): Promise<void> {
  try {
    await closeWithin({ runtime, logger, where }, 'log', log)
  } catch (err) {
    logger.warn({ err }, `${where}: the backend's log did not close well`)
  }
}
