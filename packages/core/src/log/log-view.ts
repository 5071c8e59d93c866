import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'
import type { Closing } from '../lifetime/close-within.js'

/** A stored log, to look into. */
export interface LogView extends Closing {
  readonly log: Pick<ReadOnlyWALImpls, 'last' | 'read'>
  readonly ids: MessageIdCodec
}
