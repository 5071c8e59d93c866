import type { OpenerImpls, ReadOnlyWALImpls, WALImpls, Writer } from '@wal/walimpls'
import { retry } from '@wal/walimpls/helper'
import { Trouble } from '../diagnostics/trouble.js'
import { closeWithin } from '../lifetime/close-within.js'
import { mayPass } from '../log/classify.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import { reassertFence, release } from './reassert-fence.js'

export interface WriterLogParts {
  readonly opener: OpenerImpls
  readonly channel: string
  readonly where: string
  readonly options: ResolvedWalOptions
  readonly writer: Writer
  readonly trouble: () => Trouble
  /** Rejects when a newer writer is found in the log. */
  readonly look: (signal: AbortSignal) => Promise<void>
  /** Whether the WAL closes, so that nobody reads in it any more. */
  readonly closing: () => boolean
}

/**
 * The backend's log as its writer has it open now, and the work of opening it again when its fence was taken. When it can't
 * be opened for writing again the writer ends, and its readers go on in a log that is open for reading alone (G9).
 */
export class WriterLog {
  readonly #parts: WriterLogParts
  readonly #closing = new AbortController()
  #current: WALImpls
  #readOnly: ReadOnlyWALImpls | undefined
  /** Why there is nothing to read in any more. */
  #unreadable: { readonly error: unknown } | undefined
  #reopening: Promise<void> | undefined

  constructor(log: WALImpls, parts: WriterLogParts) {
    this.#current = log
    this.#parts = parts
  }

  /** The one that was opened for writing last. It is closed while it is opened again, and stays so when that is refused. */
  get current(): WALImpls {
    return this.#current
  }

  /** The one to read in. Throws what refused it to readers. */
  get readable(): ReadOnlyWALImpls {
    if (this.#unreadable !== undefined) throw this.#unreadable.error
    return this.#readOnly ?? this.#current
  }

  /** Settles when the log that is being opened again is there, or never will be; undefined when none is. Never rejects. */
  get reopening(): Promise<void> | undefined {
    return this.#reopening
  }

  /** The backend says that another writer took over. Rejects when the log says so too, or can't be opened again. */
  async reopen(signal: AbortSignal): Promise<WALImpls> {
    const { where, options, writer, trouble, look } = this.#parts
    options.logger.warn(
      { term: writer.term },
      `${where}: the backend says that another writer took over; looking into the log`,
    )
    let closed = false
    const opening = reassertFence({
      ...this.#parts,
      trouble: trouble(),
      look: () => look(signal),
      log: this.#current,
      beforeClose: () => {
        closed = true
      },
      signal,
    })
    // Readers wait for it: the log under them is closed meanwhile.
    const reopening = opening.then(
      (log) => this.#goOnIn(log),
      () => (closed ? this.#openForReaders() : undefined),
    )
    this.#reopening = reopening
    void reopening.then(() => {
      this.#reopening = undefined
    })
    const log = await opening
    await reopening
    return log
  }

  async close(): Promise<void> {
    this.#closing.abort()
    const { where, options } = this.#parts
    await closeWithin({ ...options, where }, 'log', this.#readOnly ?? this.#current)
  }

  async #goOnIn(log: WALImpls): Promise<void> {
    if (this.#closing.signal.aborted) await this.#releaseLate(log)
    else this.#current = log
  }

  async #openForReaders(): Promise<void> {
    const { opener, channel, where, options, closing } = this.#parts
    if (closing()) return
    const { signal } = this.#closing
    const trouble = new Trouble({ ...options, where })
    const failed = (error: unknown) =>
      trouble.failed(error, 'opening the log for the readers of a writer that ended failed, trying again')
    try {
      const log = await retry(options.runtime, { firstMs: 50, shouldRetry: mayPass, failed, signal }, () =>
        opener.openReadOnly(channel, { signal }),
      )
      if (signal.aborted) await this.#releaseLate(log)
      else this.#readOnly = log
    } catch (error) {
      this.#unreadable = { error }
    }
  }

  /** It was opened while the WAL closed: nobody else would close it. */
  #releaseLate(log: ReadOnlyWALImpls): Promise<void> {
    return release(log, this.#parts)
  }
}
