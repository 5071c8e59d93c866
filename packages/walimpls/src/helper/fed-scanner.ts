import type { MessageId } from '../message/message-id.js'
import { recordBytes } from '../message/record-bytes.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { ScannerImpls, ScannerOptions } from '../scanner.js'
import { ByteQueue } from './byte-queue.js'
import type { CloseTree } from './close-tree.js'
import { ScannerEnd } from './scanner-end.js'

/** What a backend gives to a `FedScanner`. */
export interface FedScannerParts<I extends MessageId = MessageId> {
  readonly options: ScannerOptions<I>
  /** The log. Closing it closes the scanner. */
  readonly owner?: Pick<CloseTree, 'add'>
  /**
   * Fixes the start position and starts the source of records, which may then call `feed`. Called once, when the scanner is
   * made.
   */
  begin(scanner: FedScanner<I>): Promise<void>
  /** Stops the source of records. Called once, after the scanner has ended and `begin` has settled. */
  release?(): Promise<void> | void
}

/**
 * A scanner for backends whose driver pushes records, as a consumer's callback does. It holds records up to `maxBytes`; while
 * it is full, `feed` waits.
 */
export class FedScanner<I extends MessageId = MessageId> implements ScannerImpls<I> {
  readonly #end: ScannerEnd
  readonly #begun: Promise<void>
  readonly #maxBytes: number
  /** Runs of records that `next` gives out. An empty run is an end mark: the reader has all records that were stored. */
  readonly #queue: ByteQueue<readonly StoredMessage<I>[]>
  /** Whether the last run in the queue is an end mark. A second one in a row would tell readers nothing. */
  #marked = false

  constructor(parts: FedScannerParts<I>) {
    const { signal, maxBytes } = parts.options
    this.#maxBytes = maxBytes
    this.#queue = new ByteQueue(maxBytes)
    this.#end = new ScannerEnd(signal, () => parts.release?.(), parts.owner)
    this.#end.signal.addEventListener('abort', () => this.#queue.close(), { once: true })
    if (this.#end.signal.aborted) this.#queue.close()
    this.#begun = this.#end.mustRun(async () => parts.begin(this))
    this.#begun.catch(() => {})
  }

  /**
   * Puts records into the scanner, in id order. Resolves to true when the scanner has room for more, and to false when the
   * scanner has ended and the source should stop. Never rejects.
   */
  async feed(messages: readonly StoredMessage<I>[]): Promise<boolean> {
    let taken = Promise.resolve(!this.#end.signal.aborted)
    for (let from = 0; from < messages.length; ) {
      let bytes = recordBytes(messages[from] as StoredMessage<I>)
      let to = from + 1
      for (; to < messages.length; to++) {
        const more = recordBytes(messages[to] as StoredMessage<I>)
        if (bytes + more > this.#maxBytes) break
        bytes += more
      }
      this.#marked = false
      // All parts are pushed without waiting in between. Otherwise the records of a second `feed` could get between the parts
      // of this one.
      taken = this.#queue.push(
        from === 0 && to === messages.length ? messages : messages.slice(from, to),
        bytes,
      )
      from = to
    }
    return taken
  }

  /** Tells readers that they have reached the log's end, after all records that were fed before this call. */
  markEnd(): void {
    if (this.#marked) return
    this.#marked = true
    void this.#queue.push([], 0)
  }

  /**
   * Ends the scanner: with `error`, or in good order without one. Readers first get all records that were fed. The first call
   * decides.
   */
  finish(error?: unknown): void {
    if (error === undefined) this.#queue.end()
    else this.#queue.fail(error)
  }

  ready(): Promise<void> {
    return this.#begun
  }

  async next(): Promise<readonly StoredMessage<I>[] | undefined> {
    const messages = await this.#end.next(this.#begun, () => this.#queue.pop())
    return messages === undefined || messages.length === 0 ? messages : this.#merged(messages)
  }

  close(): Promise<void> {
    return this.#end.close()
  }

  /** Merges small runs into one batch. Otherwise a source that feeds one record at a time would give batches of one record. */
  #merged(first: readonly StoredMessage<I>[]): readonly StoredMessage<I>[] {
    let bytes = sizeOf(first)
    let all: StoredMessage<I>[] | undefined
    for (;;) {
      const more = this.#queue.shiftIf(
        (messages, size) => messages.length > 0 && bytes + size <= this.#maxBytes,
      )
      if (more === undefined) return all ?? first
      all ??= [...first]
      for (const message of more) all.push(message)
      bytes += sizeOf(more)
    }
  }
}

function sizeOf(messages: readonly StoredMessage[]): number {
  let bytes = 0
  for (const message of messages) bytes += recordBytes(message)
  return bytes
}
