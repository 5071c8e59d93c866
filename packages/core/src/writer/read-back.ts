import { type MessageId, type ScannerImpls, type StoredMessage, WalError } from '@wal/walimpls'
import { closeScanner } from '../lifetime/close-within.js'
import type { PlaceOfWriter } from '../log/known-place.js'
import { decodeRecord } from '../log/log-record.js'
import { type LogView, waitsOf } from '../log/log-view.js'
import { ForwardLook, lookAtEndInstead } from '../log/look-forward.js'
import { READ_BYTES } from '../log/read-sizes.js'

/**
 * Lets a writer read back what it stored, in a log that no fence protects: a batch is acknowledged only when it was read back
 * and is not void. The scanner stays open from batch to batch, so that each record is read once.
 */
export class ReadBack {
  #view: LogView | undefined
  #scanner: ScannerImpls | undefined
  #look: ForwardLook | undefined
  /** The page that was read last; the records from index `#next` on are not judged yet. */
  #ahead: readonly StoredMessage[] = []
  #next = 0

  /**
   * Reads up to the record `end`, which must be in the log, starting at `place` or behind what was read before. Rejects as
   * `lookForward` does: with `WAL_FENCED` when a newer writer stored its opening record, or truncated past `place`. After a
   * failure the next call starts at the `place` that it is given.
   */
  async upTo(end: MessageId, view: LogView, place: PlaceOfWriter): Promise<void> {
    if (this.#view?.log !== view.log) await this.close()
    try {
      const look = this.#begin(view, place)
      const { ids, where } = view
      for (;;) {
        while (this.#next < this.#ahead.length) {
          const stored = this.#ahead[this.#next] as StoredMessage
          if (ids.compare(stored.id, end) > 0) return
          this.#next++
          look.see(decodeRecord(stored, view))
          if (ids.compare(stored.id, end) === 0) return
        }
        await this.#read(where)
      }
    } catch (error) {
      await this.close()
      await lookAtEndInstead(error, view, place.writer)
    }
  }

  async close(): Promise<void> {
    const scanner = this.#scanner
    this.#scanner = undefined
    this.#look = undefined
    this.#ahead = []
    this.#next = 0
    if (scanner !== undefined) await closeScanner(this.#view as LogView, scanner)
  }

  #begin(view: LogView, place: PlaceOfWriter): ForwardLook {
    this.#look ??= new ForwardLook(view, place)
    this.#scanner ??= view.log.read({ start: { from: place.id }, maxBytes: READ_BYTES, ...waitsOf(view) })
    this.#view = view
    return this.#look
  }

  async #read(where: string): Promise<void> {
    const batch = await this.#scanner?.next()
    if (batch === undefined)
      throw new WalError('WAL_CLOSED', `${where}: the log was closed while a writer read back what it stored`)
    this.#ahead = batch
    this.#next = 0
  }
}
