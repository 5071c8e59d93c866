import type { Batch, Limits } from '@wal/walimpls'
import { type AppendBounds, AppendTurns, type NumberId, tooLargeIn } from '@wal/walimpls/helper'
import { type FrameBody, frameBody } from './frame.js'
import type { LogWriter } from './log-writer.js'
import { messageIds } from './message-id.js'

/**
 * Writes batches in the order of the calls, one at a time, so that on disk at most one batch is not synced. The check sum of a
 * batch is made when it is queued, so that the batch is ready when the disk is.
 */
export class AppendQueue {
  readonly #turns: AppendTurns
  readonly #writer: LogWriter
  readonly #maxRecordBytes: number
  readonly #stored: () => void

  /** `stored` is called after every success. */
  constructor(writer: LogWriter, bounds: AppendBounds & Limits, stored: () => void) {
    this.#writer = writer
    this.#turns = new AppendTurns(bounds)
    this.#maxRecordBytes = bounds.maxRecordBytes
    this.#stored = stored
  }

  append(batch: Batch): Promise<readonly NumberId[]> {
    const tooLarge = tooLargeIn(batch, this.#maxRecordBytes)
    if (tooLarge !== undefined) return this.#turns.refuse(tooLarge)
    const body = frameBody(batch)
    return this.#turns.run(() => this.#store(body))
  }

  /** Resolves when nothing is in flight. */
  settled(): Promise<void> {
    return this.#turns.settled()
  }

  async #store(batch: FrameBody): Promise<readonly NumberId[]> {
    const firstId = await this.#writer.store(batch)
    const ids = new Array<NumberId>(batch.count)
    for (let i = 0; i < ids.length; i++) ids[i] = messageIds.of(firstId + i)
    this.#stored()
    return ids
  }
}
