import assert from 'node:assert/strict'
import type { MessageIdCodec, ScannerImpls, StartPosition, StoredMessage } from '@wal/walimpls'
import { isPassing, pause } from '../kit/patience.js'
import { nameOf } from '../kit/record-name.js'

/**
 * Reads at the contract while others write, and keeps what it was given. A scanner that ends because its connection was
 * lost is followed by another at the last record, as the adaptor does it.
 */
export class LiveReader {
  readonly records: StoredMessage[] = []
  #failure: { readonly error: unknown } | undefined

  readonly #ids: MessageIdCodec
  readonly #scan: (start: StartPosition) => ScannerImpls
  readonly #signal: AbortSignal

  constructor(
    readonly name: string,
    ids: MessageIdCodec,
    scan: (start: StartPosition) => ScannerImpls,
    signal: AbortSignal,
  ) {
    this.#ids = ids
    this.#scan = scan
    this.#signal = signal
    this.#read().catch((error: unknown) => {
      this.#failure = { error }
    })
  }

  /** Whether it was given that record, or one behind it. Throws what ended it before its time. */
  hasReached(end: StoredMessage): boolean {
    const last = this.records.at(-1)
    if (this.#failure !== undefined) throw this.#failure.error
    return last !== undefined && this.#ids.compare(last.id, end.id) >= 0
  }

  toString(): string {
    const last = this.records.at(-1)
    return `${this.name} at ${last === undefined ? 'nothing' : `"${nameOf(last)}"`}`
  }

  async #read(): Promise<void> {
    while (!this.#signal.aborted) {
      const last = this.records.at(-1)
      const scanner = this.#scan(last === undefined ? 'oldest' : { from: last.id })
      try {
        if (last !== undefined) await this.#meetAgain(scanner, last)
        for (let batch = await scanner.next(); batch !== undefined; batch = await scanner.next())
          this.records.push(...batch)
        return
      } catch (error) {
        if (!isPassing(error)) throw error
        await pause(5, this.#signal)
      } finally {
        await scanner.close()
      }
    }
  }

  /** A scanner from a record gives that one first. */
  async #meetAgain(scanner: ScannerImpls, last: StoredMessage): Promise<void> {
    const [first, ...more] = (await scanner.next()) ?? []
    const given = first === undefined ? 'nothing' : `"${nameOf(first)}"`
    assert.ok(
      first !== undefined && this.#ids.compare(first.id, last.id) === 0,
      `${this.name} was given ${given} by a scanner that begins at "${nameOf(last)}"`,
    )
    this.records.push(...more)
  }
}
