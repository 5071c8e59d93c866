import type { OpenerImpls, WALImpls, Writer } from '@wal/walimpls'
import type { Trouble } from '../diagnostics/trouble.js'
import { closeWithin } from '../lifetime/close-within.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { reassertFence } from './writer-open.js'

export interface WriterLogParts {
  readonly opener: OpenerImpls
  readonly channel: string
  readonly where: string
  readonly options: ResolvedWalOptions
  readonly writer: Writer
  readonly trouble: () => Trouble
  /** Rejects when a newer writer is found in the log. */
  readonly look: (signal: AbortSignal) => Promise<void>
}

/** The backend's log as its writer has it open now, and the work of opening it again when its fence was taken. */
export class WriterLog {
  readonly #parts: WriterLogParts
  #current: WALImpls
  #reopening: Promise<unknown> | undefined

  constructor(log: WALImpls, parts: WriterLogParts) {
    this.#current = log
    this.#parts = parts
  }

  get current(): WALImpls {
    return this.#current
  }

  /** Settles when the log that is being opened again is there; undefined when none is. Never rejects. */
  get reopening(): Promise<unknown> | undefined {
    return this.#reopening
  }

  /** The backend says that another writer took over. Rejects when the log says so too. */
  async reopen(signal: AbortSignal): Promise<WALImpls> {
    const { where, options, writer, trouble, look } = this.#parts
    options.logger.warn(
      { term: writer.term },
      `${where}: the backend says that another writer took over; looking into the log`,
    )
    const reopening = reassertFence({
      ...this.#parts,
      trouble: trouble(),
      look: () => look(signal),
      log: this.#current,
      signal,
    })
    // Readers wait for it: the log under them is closed meanwhile.
    this.#reopening = reopening.catch(() => {})
    try {
      const log = await reopening
      // Closed or fenced meanwhile: nobody else would close it.
      if (signal.aborted) await closeWithin({ ...options, where }, 'log', log)
      else this.#current = log
      return log
    } finally {
      this.#reopening = undefined
    }
  }
}
