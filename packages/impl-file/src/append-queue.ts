import { AppendError, type Batch } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { type EncodedBatch, FrameEncoder } from './frame-encoder.js'
import type { LogWriter } from './log-writer.js'
import { messageIds } from './message-id.js'

/**
 * Batches in call order, written one at a time: on disk at most one is not synced. Each is encoded at once, so the next
 * is ready when the disk is. When one fails, all called before that was known are turned away unwritten.
 */
export class AppendQueue {
  private readonly encoder = new FrameEncoder()
  private tail: Promise<unknown> = Promise.resolve()
  private failures = 0

  /** `stored` is called after every success. */
  constructor(
    private readonly writer: LogWriter,
    private readonly stored: () => void,
  ) {}

  async append(batch: Batch): Promise<readonly NumberId[]> {
    const encoded = this.encoder.encode(batch)
    const failuresBefore = this.failures
    const turn = this.tail.then(() => this.store(encoded, failuresBefore))
    this.tail = turn.catch(() => {})
    return turn
  }

  /** Resolves when nothing is in flight. */
  async settled(): Promise<void> {
    await this.tail
  }

  private async store(batch: EncodedBatch, failuresBefore: number): Promise<readonly NumberId[]> {
    try {
      if (failuresBefore !== this.failures)
        throw new AppendError(
          'WAL_UNAVAILABLE',
          'not stored, since a batch before it failed: send both again',
          {
            outcome: 'not-written',
          },
        )
      const firstId = await this.writer.store(batch)
      const ids = new Array<NumberId>(batch.count)
      for (let i = 0; i < ids.length; i++) ids[i] = messageIds.of(firstId + i)
      this.stored()
      return ids
    } catch (error) {
      if (failuresBefore === this.failures) this.failures++
      throw error
    } finally {
      this.encoder.release(batch)
    }
  }
}
