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
  /** The log, which closes its scanners with it. */
  readonly owner?: Pick<CloseTree, 'add'>
  /** Fixes the start position and starts the source, which may call `feed` from then on. Called once, at once. */
  begin(scanner: FedScanner<I>): Promise<void>
  /** Stops the source. Called once, when the scanner has ended and `begin` does not run any more. */
  release?(): Promise<void> | void
}

/** A scanner for backends that hand records over as they come. It holds one batch; beyond that the source waits. */
export class FedScanner<I extends MessageId = MessageId> implements ScannerImpls<I> {
  readonly #end: ScannerEnd
  readonly #begun: Promise<void>
  readonly #maxBytes: number
  /** Runs of records; an empty one marks that the end was met. */
  readonly #queue: ByteQueue<readonly StoredMessage<I>[]>
  /** Whether the last thing put in was an end mark: a second one in a row would say nothing. */
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
   * Hands records over, in id order; call order is kept. Resolves when there is room again: to false when the scanner
   * has ended and the source should stop. Never rejects.
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
      // Without waiting in between. Otherwise a second feed could get in among the parts of this one.
      taken = this.#queue.push(
        from === 0 && to === messages.length ? messages : messages.slice(from, to),
        bytes,
      )
      from = to
    }
    return taken
  }

  /** Says that all there is has been fed. Readers hear of it once they have what was fed before. */
  markEnd(): void {
    if (this.#marked) return
    this.#marked = true
    void this.#queue.push([], 0)
  }

  /** The source ended: with this error, or well. Readers first get what was fed. The first call decides. */
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

  /** Sources that feed one record at a time would otherwise make batches of one. */
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
