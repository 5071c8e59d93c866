import type { MessageId, WalError, Writer } from '@wal/walimpls'
import { retry } from '@wal/walimpls/helper'
import { idsDoNotRise } from '../append/check-answer.js'
import { Trouble } from '../diagnostics/trouble.js'
import { isRolledBack, isWritersEnd, mayPass } from '../log/classify.js'
import type { OwnPlace, PlaceOfWriter } from '../log/known-place.js'
import type { LogView } from '../log/log-view.js'
import { lookForward } from '../log/look-forward.js'
import { awaitLogEnd } from '../log/read-log-end.js'
import { isSameWriter } from '../log/same-writer.js'
import { explainEnd } from '../read/explain-end.js'
import type { ReadContext } from '../read/read-context.js'
import { ReadBack } from './read-back.js'

const LOOKING_FAILED = 'looking for a newer writer failed, looking again'

export interface WriterLooksOptions {
  readonly writer: Writer
  /** Counts and logs the failures of checks for which appends wait. */
  readonly trouble: () => Trouble
  /** The log that is open at present, for a single check; the signal ends the check. */
  readonly view: (signal: AbortSignal) => LogView
  readonly lastAcked: () => OwnPlace
  /** Whether the backend's fence keeps other writers out of the log that is open at present. */
  readonly fenceReaches: () => boolean
  /** Finds the positions that an error names when the log lost its end. */
  readonly context: () => ReadContext
  /** Called when a newer writer owns the log, or when acknowledged records are gone from it. */
  readonly endWriter: (error: WalError) => void
}

/** Lets a writer find out from the log whether it is still the current one. If it is not, the writer ends. */
export class WriterLooks {
  readonly #options: WriterLooksOptions
  readonly #readBack: ReadBack
  /** The errors to which positions were added, so that this is done once for each error. */
  readonly #explained = new WeakSet<object>()

  constructor(options: WriterLooksOptions) {
    this.#options = options
    this.#readBack = new ReadBack()
  }

  /** Checks once, by reading to the log's end. Rejects as `lookForward` does, or with the backend's failure. */
  look(signal: AbortSignal): Promise<void> {
    return this.#endingTheWriter(() => this.#lookForward(undefined, signal), signal)
  }

  /** Checks again and again until no failure comes that may pass. */
  lookThroughFailures(signal: AbortSignal): Promise<void> {
    return this.#outlasting(100, signal, () => this.look(signal))
  }

  /** Whether this writer is still the current one. The writer does not end, whatever the answer. */
  async isCurrent(signal: AbortSignal, shouldRetry: (error: unknown) => boolean): Promise<boolean> {
    const view = this.#options.view(signal)
    const trouble = new Trouble(view)
    const failed = (error: unknown) => trouble.failed(error, LOOKING_FAILED)
    try {
      await retry(view.runtime, { firstMs: 100, shouldRetry, failed, signal }, () =>
        this.#lookForward(undefined, signal),
      )
      return true
    } catch (error) {
      if (isWritersEnd(error)) return false
      throw error
    }
  }

  /**
   * Makes sure that the records which this writer stored behind its last acknowledged one, up to `upTo`, are not void. In a log
   * that no fence protects this is done for every batch, so a scanner stays open for it.
   */
  confirm(upTo: MessageId, signal: AbortSignal): Promise<void> {
    const { fenceReaches, view } = this.#options
    return this.#outlasting(10, signal, () =>
      this.#endingTheWriter(
        () =>
          fenceReaches()
            ? this.#lookForward(upTo, signal)
            : this.#readBack.upTo(upTo, view(signal), this.#place),
        signal,
      ),
    )
  }

  /**
   * The reason why a batch got an id that is not above the last acknowledged one (`PipelineEvents.explainIds`): the log lost
   * its end, or the backend breaks its contract.
   */
  async explainIds(next: MessageId, signal: AbortSignal): Promise<WalError> {
    const { trouble, view, lastAcked, writer } = this.#options
    const { ids, where } = view(signal)
    let lost: WalError | undefined
    try {
      await this.#outlasting(10, signal, () => this.#lookForward(undefined, signal))
    } catch (error) {
      if (!isRolledBack(error)) throw error
      lost = error
    }
    if (lost === undefined) throw idsDoNotRise(where, ids.serialise(lastAcked().id), ids.serialise(next))
    const error = await this.explained(lost, signal)
    const end = await awaitLogEnd(view(signal), trouble())
    if (end.writer !== undefined && isSameWriter(end.writer, writer)) return error
    this.#options.endWriter(error)
    throw error
  }

  /**
   * Adds positions to the error that ends the writer. Never rejects. This is done once for each error, with what the writer
   * knew then. Otherwise a writer that lost record c and acknowledged d afterwards would name d as lost, and readers would
   * resume behind d and miss records.
   */
  async explained(reason: WalError, signal: AbortSignal): Promise<WalError> {
    if (this.#explained.has(reason)) return reason
    const context = { ...this.#options.context(), signal }
    const error = (await explainEnd(reason, this.#place, context)) as WalError
    this.#explained.add(error)
    return error
  }

  close(): Promise<void> {
    return this.#readBack.close()
  }

  #outlasting(firstMs: number, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    const { trouble, view } = this.#options
    const failed = (error: unknown) => trouble().failed(error, LOOKING_FAILED)
    return retry(view(signal).runtime, { firstMs, shouldRetry: mayPass, failed, signal }, look)
  }

  #lookForward(end: MessageId | undefined, signal: AbortSignal): Promise<void> {
    return lookForward(this.#options.view(signal), this.#place, end)
  }

  get #place(): PlaceOfWriter {
    const { lastAcked, writer } = this.#options
    return { ...lastAcked(), writer }
  }

  async #endingTheWriter(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await look()
    } catch (reason) {
      if (!isWritersEnd(reason)) throw reason
      const error = await this.explained(reason, signal)
      this.#options.endWriter(error)
      throw error
    }
  }
}
