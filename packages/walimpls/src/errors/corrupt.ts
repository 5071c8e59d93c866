import { WalError } from './wal-error.js'

/**
 * The error for damaged data. `place` names the data so that an operator can find it: a file and offset, a topic and offset, or
 * a key and entry id.
 */
export function corrupt(place: string, what: string, cause?: unknown): WalError {
  return new WalError('WAL_CORRUPT', `${place}: ${what}`, { cause })
}
