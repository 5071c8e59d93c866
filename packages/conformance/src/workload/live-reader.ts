import assert from 'node:assert/strict'
import type {
  MessageIdCodec,
  ReadOnlyWALImpls,
  ScannerImpls,
  StartPosition,
  StoredMessage,
} from '@wal/walimpls'
import { isPassing, pause } from '../kit/patience.js'
import type { Scene } from '../kit/scene.js'
import { nameOf } from './writer-in-flow.js'

export interface LiveReaderOptions {
  readonly name: string
  readonly ids: MessageIdCodec
  readonly scan: (start: StartPosition) => ScannerImpls
  /** Ends the reader when it aborts. */
  readonly signal: AbortSignal
}

/** Starts one reader on each of these logs, which reads until the test is over. */
export function liveReaders(scene: Scene, logs: readonly ReadOnlyWALImpls[]): LiveReader[] {
  const ids = scene.builder.messageIds
  const { signal } = scene.waiting
  return logs.map(
    (log, i) => new LiveReader({ name: `Reader ${i}`, ids, scan: (start) => scene.scan(log, start), signal }),
  )
}

/**
 * Reads a backend's log while others write, and keeps what it was given. When a scanner rejects because its connection was
 * lost, the reader opens another one at its last record, as `@wal/core` does.
 */
export class LiveReader {
  readonly name: string
  readonly records: StoredMessage[] = []
  readonly #options: LiveReaderOptions
  #failure: { readonly error: unknown } | undefined

  constructor(options: LiveReaderOptions) {
    this.name = options.name
    this.#options = options
    this.#read().catch((error: unknown) => {
      this.#failure = { error }
    })
  }

  /** Whether the reader was given this record or one behind it. Throws the error that ended the reader. */
  hasReached(end: StoredMessage): boolean {
    const last = this.records.at(-1)
    if (this.#failure !== undefined) throw this.#failure.error
    return last !== undefined && this.#options.ids.compare(last.id, end.id) >= 0
  }

  toString(): string {
    const last = this.records.at(-1)
    return `${this.name} at ${last === undefined ? 'nothing' : `"${nameOf(last)}"`}`
  }

  async #read(): Promise<void> {
    const { scan, signal } = this.#options
    while (!signal.aborted) {
      const last = this.records.at(-1)
      const scanner = scan(last === undefined ? 'oldest' : { from: last.id })
      try {
        if (last !== undefined) await this.#readFrom(scanner, last)
        for (let batch = await scanner.next(); batch !== undefined; batch = await scanner.next())
          this.records.push(...batch)
        return
      } catch (error) {
        if (!isPassing(error)) throw error
        await pause(5, signal)
      } finally {
        await scanner.close()
      }
    }
  }

  /**
   * Reads the first page of a scanner that starts at the last record that the reader was given. That record has to come first.
   */
  async #readFrom(scanner: ScannerImpls, last: StoredMessage): Promise<void> {
    const [first, ...more] = (await scanner.next()) ?? []
    const given = first === undefined ? 'nothing' : `"${nameOf(first)}"`
    assert.ok(
      first !== undefined && this.#options.ids.compare(first.id, last.id) === 0,
      `${this.name} opened a scanner at "${nameOf(last)}" and was given ${given} first. A scanner has to begin with the record at its start.`,
    )
    this.records.push(...more)
  }
}
