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
 * Stored records as the backend gives them, through every failure that may pass. `begin` says where each backend scanner
 * starts. Behind a failure that is the last record that counted, never the place where the reader once began: a reader of
 * all would replay the log from there, and a reader of the latest would skip what was appended since.
 */
export class CatchUp {
  readonly #context: ReadContext
  readonly #readBytes: number
  readonly #signal: AbortSignal
  readonly #begin: () => StartPosition
  #log: ReadOnlyWALImpls | undefined
  #scanner: ScannerImpls | undefined
  #failures = 0
  /** The backend's last answer was that nothing follows. */
  #wasEmpty = false
  /** Made at the first failure, since most scanners have none. */
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
   * The next records; none when the end was found; undefined: ask again. Rejects with the signal's reason, or with what no
   * retry can mend.
   */
  async next(): Promise<readonly StoredMessage[] | undefined> {
    let batch: readonly StoredMessage[] | undefined
    try {
      const log = this.#context.log()
      // The writer may have opened its log again, after its fence was taken.
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
    // A backend says once that nothing follows, and then waits. A backend that says so again must not stop the event loop.
    if (batch.length === 0 && this.#wasEmpty) await this.#context.runtime.yield()
    this.#wasEmpty = batch.length === 0
    this.#failures = 0
    this.#trouble?.over('reading goes on')
    return batch
  }

  /** Ends the backend's scanner; `next` makes another one. */
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

  /** Whether the log under the scanner was closed only to be opened again (the writer's fence was taken). */
  async #reopened(): Promise<boolean> {
    await abortable(this.#context.reopening?.() ?? Promise.resolve(), this.#signal)
    return this.#context.log() !== this.#log
  }
}
