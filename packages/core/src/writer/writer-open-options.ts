import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'
import type { LogView } from '../log/log-view.js'
import type { OpenPlace } from './reassert-fence.js'
import type { WriterSeat } from './writer-seat.js'

/** One open for writing: the log, the term that was asked for, and what the open needs of the process. */
export interface WriterOpenOptions extends OpenPlace {
  readonly ids: MessageIdCodec
  readonly term: number | 'next'
  readonly seat: WriterSeat
}

/** A log of this open, to look into. */
export function viewOf(log: ReadOnlyWALImpls, open: WriterOpenOptions): LogView {
  const { ids, where, options, signal } = open
  return { log, ids, where, runtime: options.runtime, logger: options.logger, signal }
}
