import { WalError, type Writer } from '@wal/walimpls'
import { isSameWriter } from './same-writer.js'

/** The error for the writer `mine` when the log's current writer is a newer one; undefined when it is not. */
export function fencedBy(
  current: Writer | undefined,
  mine: Writer,
  { where, cause }: { readonly where: string; readonly cause?: unknown },
): WalError | undefined {
  if (current === undefined || current.term < mine.term) return undefined
  if (isSameWriter(current, mine)) return undefined
  return new WalError(
    'WAL_FENCED',
    `${where}: a newer writer (term ${current.term}) owns the channel; this one had term ${mine.term}. Stop being the writer; do not reopen at 'next' in a loop.`,
    { cause },
  )
}
