import { WalError } from '@wal/walimpls'

export function closedError(where: string): WalError {
  return new WalError('WAL_CLOSED', `${where} is closed`)
}
