import type { WalError } from '../../errors/wal-error.js'
import type { StoredMessage } from '../../message/wire-message.js'
import type { ScannerImpls } from '../../scanner.js'
import { type Link, unavailable } from './link.js'

/**
 * A scanner that ends for good when the connections break. Its user then opens a new scanner, which finds out whether the last
 * record is still stored.
 */
export class BreakableScanner implements ScannerImpls {
  #lost: WalError | undefined
  readonly #breaks: number
  readonly #inner: ScannerImpls
  readonly #link: Link

  constructor(inner: ScannerImpls, link: Link) {
    this.#inner = inner
    this.#link = link
    this.#breaks = link.breaks
  }

  ready(): Promise<void> {
    return this.#asked(() => this.#inner.ready())
  }

  next(): Promise<readonly StoredMessage[] | undefined> {
    return this.#asked(() => this.#inner.next())
  }

  close(): Promise<void> {
    return this.#inner.close()
  }

  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    this.#assertConnected(undefined)
    try {
      return await this.#link.request(ask)
    } catch (error) {
      this.#assertConnected(error)
      throw error
    }
  }

  #assertConnected(cause: unknown): void {
    if (this.#link.breaks !== this.#breaks) this.#lost ??= unavailable(cause)
    if (this.#lost !== undefined) throw this.#lost
  }
}
