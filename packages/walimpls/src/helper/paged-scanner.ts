import type { MessageId } from '../message/message-id.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from '../scanner.js'
import type { CloseTree } from './close-tree.js'
import { ScannerEnd } from './scanner-end.js'

/** What a backend gives to a `PagedScanner`. The scanner never runs two of these functions at the same time. */
export interface PagedScannerParts<I extends MessageId = MessageId> {
  readonly options: ScannerOptions<I>
  /** The log. Closing it closes the scanner. */
  readonly owner?: Pick<CloseTree, 'add'>
  /** Fixes the start position. Called once, when the scanner is made. The signal aborts when the scanner has ended. */
  begin(signal: AbortSignal): Promise<void>
  /**
   * Reads the next records, about `maxBytes` of them and at least one. Answers an empty array when the log has no more for now.
   * The signal aborts when the scanner has ended: the page is then dropped, and `release` waits until this call has settled.
   */
  page(maxBytes: number, signal: AbortSignal): Promise<readonly StoredMessage<I>[]>
  /**
   * Waits until the log may have records that the last `page` did not return, including those stored since that page was read.
   * May resolve too early: the scanner then asks for a page again. Must settle when the signal aborts; resolve or reject does
   * not matter.
   */
  waitForMore(signal: AbortSignal): Promise<void>
  /** Frees what the scanner holds. Called once, after the scanner has ended and every other function here has settled. */
  release?(): Promise<void> | void
}

/** A scanner for backends that read records on demand: from a file, a table, or a server with a read command. */
export class PagedScanner<I extends MessageId = MessageId> implements ScannerImpls<I> {
  readonly #end: ScannerEnd
  readonly #begun: Promise<void>
  #endMet = false

  readonly #parts: PagedScannerParts<I>

  constructor(parts: PagedScannerParts<I>) {
    this.#parts = parts
    this.#end = new ScannerEnd(parts.options.signal, () => parts.release?.(), parts.owner)
    this.#begun = this.#end.mustRun(async () => parts.begin(this.#end.signal))
    // A failure of the start is reported by `ready` and `next`. The user need not call either, so the rejection is marked as
    // handled.
    this.#begun.catch(() => {})
  }

  ready(): Promise<void> {
    return this.#begun
  }

  async next(): Promise<readonly StoredMessage<I>[] | undefined> {
    return this.#end.next(this.#begun, () => this.#step())
  }

  close(): Promise<void> {
    return this.#end.close()
  }

  async #step(): Promise<readonly StoredMessage<I>[]> {
    const parts = this.#parts
    const end = this.#end
    for (;;) {
      if (this.#endMet) await parts.waitForMore(end.signal)
      if (end.signal.aborted) return []
      const messages = await parts.page(parts.options.maxBytes, end.signal)
      if (messages.length > 0) {
        this.#endMet = false
        return messages
      }
      if (!this.#endMet) {
        this.#endMet = true
        return messages
      }
    }
  }
}
