import type { MessageIdCodec, ReadOnlyWALImpls } from '@wal/walimpls'
import type { LogView } from '../log/log-view.js'
import type { OpenPlace } from './reassert-fence.js'
import type { WriterSeat } from './writer-seat.js'

/** What an open for writing needs: the log, the term that the user asked for, and this process's other writers. */
export interface WriterOpenOptions extends OpenPlace {
  readonly ids: MessageIdCodec
  readonly term: number | 'next'
  readonly seat: WriterSeat
}

/** The log in the form in which the functions of the folder `log` read it. */
export function viewOf(log: ReadOnlyWALImpls, open: WriterOpenOptions): LogView {
  const { ids, where, options, signal } = open
  return { log, ids, where, runtime: options.runtime, logger: options.logger, signal }
}
