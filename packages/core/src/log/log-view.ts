import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'
import type { Closing } from '../lifetime/close-within.js'

/** The name of a log and its ids, as an error needs them that says where a record lies. */
export interface NamedLog {
  /** Backend and channel, as the user knows them. */
  readonly where: string
  readonly ids: MessageIdCodec
}

/**
 * A log that is open in the backend, for a single search in it. A writer may open its log again, so each search gets a new
 * view.
 */
export interface LogView extends NamedLog, Closing {
  readonly log: Pick<ReadOnlyWALImpls, 'last' | 'read'>
  /** Ends the search, even while it waits for the backend; undefined for a search that nobody gives up. */
  readonly signal: AbortSignal | undefined
}

/** The signal in the form that a backend's calls take. */
export function waitsOf({ signal }: LogView): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
