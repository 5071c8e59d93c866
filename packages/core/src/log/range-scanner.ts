import { type StartPosition, type StoredMessage, WalError } from '@wal/walimpls'
import { closeScanner } from '../lifetime/close-within.js'
import { mayPass } from './classify.js'
import { decodeRecord, type LogRecord } from './log-record.js'
import { type LogView, waitsOf } from './log-view.js'
import { READ_BYTES } from './read-sizes.js'
import { isSameWriter } from './same-writer.js'

type Batch = readonly StoredMessage[]

/**
 * Reads a part of a log once, and goes on where it was when the backend's scanner fails and the failure may pass. Otherwise the
 * search of a long part would begin from its start after each failure, and might never come to its end over a bad connection.
 *
 * The new scanner starts at the last record read, which has to be there unchanged: if it is not, the log lost its end meanwhile,
 * and the failure goes to the caller. So does the failure of a scanner that gave nothing new, since the caller decides how long
 * to wait for a backend that does not answer.
 */
export class RangeScanner {
  readonly #view: LogView
  #scanner
  /** The last record read. */
  #last: StoredMessage | undefined
  /** The failure after which the last record has to be found again. */
  #failure: { readonly error: unknown } | undefined
  /** Whether the backend's present scanner gave a record that was not read before. */
  #advanced = false

  constructor(view: LogView, start: StartPosition) {
    this.#view = view
    this.#scanner = this.#open(start)
  }

  /** The next records; an empty array at the log's end. Rejects as the backend's scanner does, and when the log is closed. */
  async next(): Promise<Batch> {
    for (;;) {
      const batch = await this.#batch()
      if (batch === undefined) continue
      const last = batch.at(-1)
      if (last !== undefined) {
        this.#last = last
        this.#advanced = true
      }
      return batch
    }
  }

  close(): Promise<void> {
    return closeScanner(this.#view, this.#scanner)
  }

  /** Undefined when the caller has to ask again. */
  async #batch(): Promise<Batch | undefined> {
    let batch: Batch | undefined
    try {
      batch = await this.#scanner.next()
    } catch (error) {
      await this.#resume(error)
      return undefined
    }
    if (batch === undefined)
      throw new WalError('WAL_CLOSED', `${this.#view.where}: the log was closed while its end was being read`)
    if (this.#failure === undefined) return batch
    const [first] = batch
    if (first === undefined || !this.#isLast(first)) throw this.#failure.error
    this.#failure = undefined
    // An empty array would mean that the log's end was reached.
    return batch.length === 1 ? undefined : batch.slice(1)
  }

  async #resume(error: unknown): Promise<void> {
    if (this.#last === undefined || !this.#advanced || !mayPass(error)) throw error
    this.#view.signal?.throwIfAborted()
    await this.close()
    this.#advanced = false
    this.#failure = { error }
    this.#scanner = this.#open({ from: this.#last.id })
  }

  #isLast(stored: StoredMessage): boolean {
    const found = this.#decode(stored)
    const last = this.#decode(this.#last as StoredMessage)
    return (
      this.#view.ids.compare(found.id, last.id) === 0 &&
      found.timeTick === last.timeTick &&
      isSameWriter(found, last)
    )
  }

  #decode(stored: StoredMessage): LogRecord {
    return decodeRecord(stored, this.#view)
  }

  #open(start: StartPosition) {
    return this.#view.log.read({ start, maxBytes: READ_BYTES, ...waitsOf(this.#view) })
  }
}
