import type { OpenerImpls, ReadOnlyWALImpls, WALImpls, Writer } from '@wal/walimpls'
import { type RetryOptions, retry, sleep } from '@wal/walimpls/helper'
import type { Trouble } from '../diagnostics/trouble.js'
import { closeWithin } from '../lifetime/close-within.js'
import { mayPass } from '../log/classify.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'

const OPENING_FAILED = 'opening failed, trying again'

/** The log that is to be opened for writing, and the signal that gives the open up. */
export interface OpenPlace {
  readonly opener: OpenerImpls
  readonly channel: string
  /** Backend and channel, as errors and log lines name them. */
  readonly where: string
  readonly options: ResolvedWalOptions
  readonly signal: AbortSignal
  /** Counts the failures after which the open is tried again, and logs them. */
  readonly trouble: Trouble
}

/**
 * Takes the fence back when the backend gave it to another writer though the log holds no newer one, as when a broker forgot
 * who had it. Calls `look`, which rejects if the log holds a newer writer, then waits, and calls it again. After that the log
 * is opened again as the same writer. A newer writer that opens meanwhile is found when the first batch is confirmed.
 */
export async function reassertFence(
  options: OpenPlace & {
    readonly log: WALImpls
    readonly writer: Writer
    readonly look: () => Promise<void>
    /** Called right before `log` is closed. */
    readonly beforeClose?: () => void
  },
): Promise<WALImpls> {
  const { opener, channel, signal, log, writer, look, beforeClose } = options
  const { runtime } = options.options
  await look()
  // A newer writer may have the fence and not have stored its opening record yet. This pause gives it the time to do so.
  await sleep(runtime, 50 + 100 * runtime.random(), signal)
  await look()
  beforeClose?.()
  // The connection of the old log may be gone, so a failed close does not matter.
  await release(log, options)
  return retry(runtime, { ...outlasting(options), firstMs: 50 }, () =>
    opener.open(channel, writer, { signal }),
  )
}

/** Options of `retry` for an open: try again after each failure that may pass. */
export function outlasting({ signal, trouble }: Pick<OpenPlace, 'signal' | 'trouble'>): RetryOptions {
  return { signal, shouldRetry: mayPass, failed: (error) => trouble.failed(error, OPENING_FAILED) }
}

/** Closes a log that nobody needs any more. A failure is logged, and the caller does not get it. */
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
