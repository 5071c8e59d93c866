import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'

/** A stored log, to look into. */
export interface LogView {
  readonly log: Pick<ReadOnlyWALImpls, 'last' | 'read'>
  readonly ids: MessageIdCodec
  /** Backend and channel, for errors. */
  readonly where: string
}
