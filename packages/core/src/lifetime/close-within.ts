import type { Runtime } from '@wal/walimpls'
import { endsWithin } from '@wal/walimpls/helper'
import type { Logger } from '../api/logger.js'

/** How many milliseconds a backend has to close a scanner, a log or an opener. */
export const BACKEND_CLOSE_MS = 3_000

export interface Closing {
  readonly runtime: Runtime
  readonly logger: Logger
  /** Backend and channel, as log lines name them. */
  readonly where: string
}

/**
 * Closes a backend's scanner, log or opener, and rejects if that fails. If the close takes longer than `BACKEND_CLOSE_MS`, a
 * warning is logged and the call resolves: a driver that waits on a dead connection must not keep the process from ending.
 */
export async function closeWithin(
  { runtime, logger, where }: Closing,
  what: 'scanner' | 'log' | 'opener',
  made: { close(): Promise<void> },
): Promise<void> {
  const closing = (async () => made.close())()
  const ms = BACKEND_CLOSE_MS
  if (await endsWithin(runtime, ms, closing)) return
  logger.warn({ ms }, `${where}: the backend's ${what} has not closed within ${ms} ms and is left behind`)
  closing.catch((err: unknown) =>
    logger.warn({ err }, `${where}: the backend's ${what}, which was left behind, did not close well`),
  )
}

/** Closes a scanner that is no longer needed. A failure is only logged, since nothing that was read depends on the close. */
export async function closeScanner(closing: Closing, scanner: { close(): Promise<void> }): Promise<void> {
  try {
    await closeWithin(closing, 'scanner', scanner)
  } catch (err) {
    const { logger, where } = closing
    logger.warn({ err }, `${where}: a scanner of the backend failed to close; reading goes on without it`)
  }
}
