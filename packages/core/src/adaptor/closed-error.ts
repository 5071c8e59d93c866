import { WalError } from '@wal/walimpls'

/** `reason`: a clause, for one that was not closed by its user. */
export function closedError(where: string, reason?: string): WalError {
  return new WalError('WAL_CLOSED', `${where} is closed${reason === undefined ? '' : `: ${reason}`}`)
}
