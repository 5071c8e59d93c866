import {
  type ReadOnlyWALImpls,
  type ScannerImpls,
  type StartPosition,
  type StoredMessage,
  WalError,
} from '@wal/walimpls'
import { abortable, backoffMs, sleep } from '@wal/walimpls/helper'
import { Trouble } from '../diagnostics/trouble.js'
import { closeScanner } from '../lifetime/close-within.js'
import { mayPass } from '../log/classify.js'
import type { ReadContext } from './read-context.js'

/**
 * Reads stored records from the backend, and tries again after each failure that may pass. `begin` says where the next backend
 * scanner starts. After a failure a scanner must start at the last record that counted. If it started where the reader once
 * began, a reader of the whole log would get everything twice, and a reader of the latest would skip records.
 */
export class CatchUp {
  readonly #context: ReadContext
  readonly #readBytes: number
  readonly #signal: AbortSignal
  readonly #begin: () => StartPosition
  #log: ReadOnlyWALImpls | undefined
  #scanner: ScannerImpls | undefined
  #failures = 0
  /** Whether the backend's last answer was that no record follows. */
  #wasEmpty = false
  /** Counts failures for the log file; created at the first failure, since most scanners have none. */
  #trouble: Trouble | undefined

  constructor(
    context: ReadContext,
    begin: () => StartPosition,
    { readBytes, signal }: { readonly readBytes: number; readonly signal: AbortSignal },
  ) {
    this.#context = context
    this.#begin = begin
    this.#readBytes = readBytes
    this.#signal = signal
  }

  /** Whether the last attempt to read failed. */
  get failing(): boolean {
    return this.#failures > 0
  }

  /**
   * The next records; an empty list when the log's end was reached; undefined when the caller has to ask again. Rejects with
   * the signal's reason, or with an error that no retry can mend.
   */
  async next(): Promise<readonly StoredMessage[] | undefined> {
    let batch: readonly StoredMessage[] | undefined
    try {
      const log = this.#context.log()
      // The writer may have opened its log again, because it had lost its fence. A scanner of the old log is of no use then.
      if (log !== this.#log) await this.close()
      this.#log = log
      this.#scanner ??= log.read({ start: this.#begin(), maxBytes: this.#readBytes, signal: this.#signal })
      batch = await this.#scanner.next()
    } catch (error) {
      await this.#afterFailure(error)
      return undefined
    }
    if (batch === undefined) {
      this.#signal.throwIfAborted()
      if (await this.#reopened()) return undefined
      throw new WalError('WAL_CLOSED', `${this.#context.where}: the log was closed while a scanner read it`)
    }
    // A backend says once that no record follows, and then waits for one. A backend that answers so at once, again and again,
    // must not block the event loop.
    if (batch.length === 0 && this.#wasEmpty) await this.#context.runtime.yield()
    this.#wasEmpty = batch.length === 0
    this.#failures = 0
    this.#trouble?.over('reading goes on')
    return batch
  }

  /** Closes the backend's scanner; `next` opens another one. */
  async close(): Promise<void> {
    const scanner = this.#scanner
    this.#scanner = undefined
    if (scanner !== undefined) await closeScanner(this.#context, scanner)
  }

  async backOff(): Promise<void> {
    const { runtime } = this.#context
    await sleep(runtime, backoffMs(runtime, ++this.#failures, { firstMs: 100 }), this.#signal)
  }

  async #afterFailure(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    await this.close()
    if (WalError.isInstance(error) && error.code === 'WAL_CLOSED' && (await this.#reopened())) return
    if (!mayPass(error)) throw error
    this.#trouble ??= new Trouble(this.#context)
    this.#trouble.failed(error, 'reading failed; it goes on at the last record that was read')
    await this.backOff()
  }

  /** Whether the log was closed because the writer opens it again, after it had lost its fence. */
  async #reopened(): Promise<boolean> {
    await abortable(this.#context.reopening?.() ?? Promise.resolve(), this.#signal)
    return this.#context.log() !== this.#log
  }
}
