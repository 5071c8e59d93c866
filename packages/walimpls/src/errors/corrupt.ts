import { WalError } from './wal-error.js'

/** Damage. `place` must let an operator find it: a file and offset, a topic and offset, a key and entry id. */
export function corrupt(place: string, what: string, cause?: unknown): WalError {
  return new WalError('WAL_CORRUPT', `${place}: ${what}`, { cause })
}
