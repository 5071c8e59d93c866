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
  /** Reads the log; rejects when it holds a newer writer. */
  readonly look: (signal: AbortSignal) => Promise<void>
  /** Whether the WAL is being closed, so that no reader needs a log any more. */
  readonly closing: () => boolean
}

/**
 * The backend's log that a writer has open. When another writer takes its fence the log is opened again; when that fails the
 * writer ends, and its readers go on in a log that is opened for reading only (G9).
 */
export class WriterLog {
  readonly #parts: WriterLogParts
  readonly #closing = new AbortController()
  #current: WALImpls
  #readOnly: ReadOnlyWALImpls | undefined
  /** Set when the log could not even be opened for reading. */
  #unreadable: { readonly error: unknown } | undefined
  #reopening: Promise<void> | undefined

  constructor(log: WALImpls, parts: WriterLogParts) {
    this.#current = log
    this.#parts = parts
  }

  /** The log that was opened for writing last. It is closed while another one is being opened, and when that was refused. */
  get current(): WALImpls {
    return this.#current
  }

  /** The log for readers. Throws the error with which it could not be opened for them. */
  get readable(): ReadOnlyWALImpls {
    if (this.#unreadable !== undefined) throw this.#unreadable.error
    return this.#readOnly ?? this.#current
  }

  /** Resolves when the log was opened again, or can't be. Undefined while none is being opened. Never rejects. */
  get reopening(): Promise<void> | undefined {
    return this.#reopening
  }

  /** Opens the log again, after the backend said that another writer took over. Rejects when the log itself says so too. */
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
    // The log in which readers read is closed until another one is open, so they wait for this.
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

  /** Closes a log that was opened while the WAL closed: nobody else would. */
  #releaseLate(log: ReadOnlyWALImpls): Promise<void> {
    return release(log, this.#parts)
  }
}
