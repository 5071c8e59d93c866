import type { ScannerImpls, ScannerOptions, StoredMessage } from '@wal/walimpls'
import { type CloseTree, ScannerEnd } from '@wal/walimpls/helper'
import type { PulsarId } from '../records/message-id.js'
import { EntryStream } from './entry-stream.js'
import type { ReadTopic } from './first-entry.js'

export interface ScannerParts extends ReadTopic {
  readonly options: ScannerOptions<PulsarId>
  /** The log. Closing it closes the scanner. */
  readonly log: Pick<CloseTree, 'add'>
}

/** Begins a scanner over a reader of its own. It ends with the reader’s connection. */
export function openScanner(parts: ScannerParts): ScannerImpls<PulsarId> {
  return new PulsarScanner(parts)
}

class PulsarScanner implements ScannerImpls<PulsarId> {
  readonly #stream: EntryStream
  readonly #end: ScannerEnd
  readonly #begun: Promise<void>

  constructor(parts: ScannerParts) {
    const { options, log } = parts
    const stream = new EntryStream(parts, options)
    this.#stream = stream
    this.#end = new ScannerEnd(options.signal, () => stream.close(), log)
    const { signal } = this.#end
    if (signal.aborted) stream.stop()
    else signal.addEventListener('abort', () => stream.stop(), { once: true })
    this.#begun = this.#end.mustRun(() => stream.begin())
    // A failure of the start is reported by `ready` and `next`. The user need not call either.
    this.#begun.catch(() => {})
  }

  ready(): Promise<void> {
    return this.#begun
  }

  next(): Promise<readonly StoredMessage<PulsarId>[] | undefined> {
    return this.#end.next(this.#begun, () => this.#stream.next())
  }

  close(): Promise<void> {
    return this.#end.close()
  }
}
