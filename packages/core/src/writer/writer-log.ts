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
  /** Reads the log; rejects if it holds a newer writer. */
  readonly look: (signal: AbortSignal) => Promise<void>
  /** Whether the WAL is being closed. Its readers then need no log any more. */
  readonly closing: () => boolean
}

/**
 * The log that a writer has open in the backend. When the backend gives its fence to another writer the log is opened again. If
 * that fails the writer ends, and its readers go on in a log that is opened for reading only (G9).
 */
export class WriterLog {
  readonly #parts: WriterLogParts
  readonly #closing = new AbortController()
  #current: WALImpls
  #readOnly: ReadOnlyWALImpls | undefined
  /** Set when the log could not be opened for reading either. */
  #unreadable: { readonly error: unknown } | undefined
  #reopening: Promise<void> | undefined

  constructor(log: WALImpls, parts: WriterLogParts) {
    this.#current = log
    this.#parts = parts
  }

  /**
   * The log that was opened for writing last. It is closed while it is being opened again, and stays closed if that is refused.
   */
  get current(): WALImpls {
    return this.#current
  }

  /** The log for readers. Throws the error of the failed open if the log could not be opened for them. */
  get readable(): ReadOnlyWALImpls {
    if (this.#unreadable !== undefined) throw this.#unreadable.error
    return this.#readOnly ?? this.#current
  }

  /** Resolves when the attempt to open the log again is over. Undefined while there is none. Never rejects. */
  get reopening(): Promise<void> | undefined {
    return this.#reopening
  }

  /** Opens the log again after the backend said that another writer took over. Rejects if the log holds a newer writer. */
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
    // The readers' log is closed until the new one is open, so readers wait for this promise.
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

  /** Closes a log whose open succeeded only after the WAL was closed, since nobody else would close it. */
  #releaseLate(log: ReadOnlyWALImpls): Promise<void> {
    return release(log, this.#parts)
  }
}
