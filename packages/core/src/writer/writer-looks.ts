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
  /** Hears of the failures that a look outlasts while appends wait for it. */
  readonly trouble: () => Trouble
  /** The log as it is open now, for a look that the signal ends. */
  readonly view: (signal: AbortSignal) => LogView
  readonly lastAcked: () => OwnPlace
  /** Whether the backend's fence keeps other writers out of the log as it is open now. */
  readonly fenceReaches: () => boolean
  /** For the positions that an error of a log that lost its end names. */
  readonly context: () => ReadContext
  /** A newer writer owns the log, or what was acknowledged is not in it any more. */
  readonly endWriter: (error: WalError) => void
}

/** How a writer learns whether it still is the current one. Whatever look finds that it is not ends the writer. */
export class WriterLooks {
  readonly #options: WriterLooksOptions
  readonly #readBack: ReadBack
  /** What `explained` has answered. */
  readonly #explained = new WeakSet<object>()

  constructor(options: WriterLooksOptions) {
    this.#options = options
    this.#readBack = new ReadBack()
  }

  /** One look, up to the log's end. Rejects as `lookForward` does, or with what kept it from looking. */
  look(signal: AbortSignal): Promise<void> {
    return this.#endingTheWriter(() => this.#lookForward(undefined, signal), signal)
  }

  /** Looks again while a failure may pass. */
  lookThroughFailures(signal: AbortSignal): Promise<void> {
    return this.#outlasting(100, signal, () => this.look(signal))
  }

  /** Whether the writer is still the current one, as the log says. The writer itself is not told. */
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
   * Whether what this writer stored up to `upTo` counts, behind its last acknowledged record. Where no fence reaches every
   * batch passes here, through a scanner that stays open.
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
   * Why a batch got an id that is not above the last acknowledged one (`PipelineEvents.explainIds`): the log lost its end,
   * or the backend breaks its contract.
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
   * The error that ends the writer, with the positions that it can name. Never rejects. Once: a writer that acknowledges d
   * after it was found to have lost c would later name d as what it lost, and a place behind d to go on from.
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
