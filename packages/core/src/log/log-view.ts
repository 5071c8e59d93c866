import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'
import type { Closing } from '../lifetime/close-within.js'

/** A log by its name: what an error needs that says where a record lies. */
export interface NamedLog {
  /** Backend and channel, as the user knows them. */
  readonly where: string
  readonly ids: MessageIdCodec
}

/** A stored log to look into, once: made for one look, and of the log as it is open then. */
export interface LogView extends NamedLog, Closing {
  readonly log: Pick<ReadOnlyWALImpls, 'last' | 'read'>
  /** Ends the look, in whatever it waits for; undefined for a look that nobody gives up. */
  readonly signal: AbortSignal | undefined
}

/** The signal as backends take it. */
export function waitsOf({ signal }: LogView): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
