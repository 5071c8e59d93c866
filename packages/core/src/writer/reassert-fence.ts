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
 * Takes a fence back that the backend gave to another writer though the log holds no newer one, as when a broker forgot who
 * had it. Looks into the log, waits, looks again: `look` rejects when it finds a newer writer. Otherwise the log is opened
 * again as the same writer. A writer that opens in the meantime is found by the look behind the first batch stored.
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
  // A real successor may have the fence and not yet have stored its opening record: it gets the time to do so.
  await sleep(runtime, 50 + 100 * runtime.random(), signal)
  await look()
  beforeClose?.()
  // The connection of the old log may be gone. How its close ends does not matter.
  await release(log, options)
  return retry(runtime, { ...outlasting(options), firstMs: 50 }, () =>
    opener.open(channel, writer, { signal }),
  )
}

/** How an open goes on through failures that pass. */
export function outlasting({ signal, trouble }: Pick<OpenPlace, 'signal' | 'trouble'>): RetryOptions {
  return { signal, shouldRetry: mayPass, failed: (error) => trouble.failed(error, OPENING_FAILED) }
}

/** Closes a log that nobody needs any more. A failure is logged, and the caller is not told. */
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
