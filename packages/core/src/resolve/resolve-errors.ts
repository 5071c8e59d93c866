import { LogRolledBackError, PositionTruncatedError, WalError } from '@wal/walimpls'
import { formatPosition } from '../log/position.js'
import type { ReadContext } from '../read/read-context.js'
import type { WaitingToken } from './waiting-token.js'

export function overTruncation(where: string, cause?: unknown): WalError {
  return new PositionTruncatedError(
    `${where}: the log was truncated above the appends that the token names, or their records are lost. What became of them can't be told any more.`,
    { cause },
  )
}

/**
 * `resolve` rejects with this when the record that was acknowledged last before the token's messages were sent is not in the
 * log.
 */
export function lostBefore(
  { token, truncation }: WaitingToken,
  { where }: Pick<ReadContext, 'where'>,
  cause?: unknown,
): WalError {
  if (truncation !== undefined) return overTruncation(where, cause)
  const { ackedBefore, ...place } = token
  const { id: lastConfirmed, timeTick } = ackedBefore
  return new LogRolledBackError(
    `${where}: the record with time tick ${timeTick} was acknowledged before the appends that the token names were sent, and is gone. The log lost its end, in a failover or because an older copy of it was restored, so what became of the appends can't be told.`,
    { known: formatPosition({ ...place, lastConfirmed, timeTick }), cause },
  )
}

/** `resolve` rejects with this on a WAL that is no longer the writer, when no newer writer has opened the log either. */
export function atWritersEnd(where: string, ended: WalError): WalError {
  return new WalError(
    ended.code,
    `${where}: this WAL is no longer the writer, the log does not hold all of the appends that the token names, and no newer writer has opened it yet. Resolve the token on the next writer. The writer ended because of: ${ended.message}`,
    { cause: ended, retryable: false },
  )
}

/** `resolve` rejects with this on a WAL that is no longer the writer and cannot read the log either. */
export function unreadable(where: string, error: unknown): WalError {
  return new WalError(
    WalError.isInstance(error) ? error.code : 'WAL_UNAVAILABLE',
    `${where}: this WAL is no longer the writer, and the log can't be read to find out what became of the appends that the token names: ${error instanceof Error ? error.message : String(error)}. Resolve the token on another WAL.`,
    { cause: error },
  )
}

export function silentLog(where: string, waitedMs: number): WalError {
  return new WalError(
    'WAL_UNAVAILABLE',
    `${where}: this WAL is no longer the writer, and reading the log for the appends that the token names gave nothing for ${waitedMs} ms. Resolve the token on another WAL.`,
  )
}
