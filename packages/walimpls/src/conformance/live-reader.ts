import type { MessageIdCodec } from '../message/message-id.js'
import type { StoredMessage } from '../message/wire-message.js'
import type { ScannerImpls } from '../scanner.js'
import { textOf } from './batches.js'

/** A scanner at the contract that reads while others write, and keeps what it was given. */
export class LiveReader {
  readonly records: StoredMessage[] = []
  /** What ended it before its time. */
  failure: { readonly error: unknown } | undefined
  readonly #scanner: ScannerImpls

  constructor(
    readonly name: string,
    scanner: ScannerImpls,
  ) {
    this.#scanner = scanner
    void this.#read()
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const batch = await this.#scanner.next()
        if (batch === undefined) return
        this.records.push(...batch)
      }
    } catch (error) {
      this.failure = { error }
    }
  }

  /** Whether it was given that record, or one behind it. */
  hasReached({ compare }: MessageIdCodec, end: StoredMessage): boolean {
    const last = this.records.at(-1)
    if (this.failure !== undefined) throw this.failure.error
    return last !== undefined && compare(last.id, end.id) >= 0
  }

  toString(): string {
    const last = this.records.at(-1)
    return `${this.name} at ${last === undefined ? 'nothing' : `"${textOf(last)}"`}`
  }
}
