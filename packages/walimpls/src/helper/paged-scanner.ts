import type { MessageId } from '../message/message-id.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from '../scanner.js'
import type { CloseTree } from './close-tree.js'
import { ScannerEnd } from './scanner-end.js'

/** What a backend gives to a `PagedScanner`. None of them is called while another of them runs. */
export interface PagedScannerParts<I extends MessageId = MessageId> {
  readonly options: ScannerOptions<I>
  /** The log, which closes its scanners with it. */
  readonly owner?: Pick<CloseTree, 'add'>
  /** Fixes the start position. Called once, at once. */
  begin(): Promise<void>
  /**
   * The next records, about `maxBytes` of them and at least one; empty when there are none now. The signal aborts when the
   * scanner has ended: nobody gets the page then, and `release` waits until this has settled.
   */
  page(maxBytes: number, signal: AbortSignal): Promise<readonly StoredMessage<I>[]>
  /**
   * Resolves when there may be records that the last `page` did not see, those stored since it returned included; too
   * early does no harm. Must settle when the signal aborts, in whatever way.
   */
  waitForMore(signal: AbortSignal): Promise<void>
  /** Called once, when the scanner has ended and nothing else of these runs any more. */
  release?(): Promise<void> | void
}

/** A scanner for backends that are asked for records: a file, a table, a server with a read command. */
export class PagedScanner<I extends MessageId = MessageId> implements ScannerImpls<I> {
  readonly #end: ScannerEnd
  readonly #begun: Promise<void>
  #endMet = false

  readonly #parts: PagedScannerParts<I>

  constructor(parts: PagedScannerParts<I>) {
    this.#parts = parts
    this.#end = new ScannerEnd(parts.options.signal, () => parts.release?.(), parts.owner)
    this.#begun = this.#end.mustRun(async () => parts.begin())
    // It comes out of `ready` and `next`; nobody has to call them.
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
