import { AppendError, type Batch, recordBytes } from '@wal/walimpls'
import { AppendTurns, type NumberId } from '@wal/walimpls/helper'
import { type EncodedBatch, FrameEncoder } from './frame-encoder.js'
import type { LogWriter } from './log-writer.js'
import { messageIds } from './message-id.js'

/**
 * Batches in call order, written one at a time: on disk at most one is not synced. Each is encoded at once, so the next
 * is ready when the disk is.
 */
export class AppendQueue {
  private readonly encoder = new FrameEncoder()
  private readonly turns = new AppendTurns()

  /** `stored` is called after every success. */
  constructor(
    private readonly writer: LogWriter,
    private readonly maxRecordBytes: number,
    private readonly stored: () => void,
  ) {}

  append(batch: Batch): Promise<readonly NumberId[]> {
    const tooLarge = this.tooLarge(batch)
    if (tooLarge !== undefined) return this.turns.run(() => Promise.reject(tooLarge))
    const encoded = this.encoder.encode(batch)
    return this.turns.run(() => this.store(encoded)).finally(() => this.encoder.release(encoded))
  }

  /** Resolves when nothing is in flight. */
  settled(): Promise<void> {
    return this.turns.settled()
  }

  private tooLarge({ bytes, messages }: Batch): AppendError | undefined {
    const { maxRecordBytes } = this
    if (bytes <= maxRecordBytes) return undefined
    const large = messages.find((message) => recordBytes(message) > maxRecordBytes)
    if (large === undefined) return undefined
    return new AppendError(
      'WAL_MESSAGE_TOO_LARGE',
      `A record of ${recordBytes(large)} bytes can't be stored; the largest has ${maxRecordBytes} bytes.`,
      { outcome: 'not-written' },
    )
  }

  private async store(batch: EncodedBatch): Promise<readonly NumberId[]> {
    const firstId = await this.writer.store(batch)
    const ids = new Array<NumberId>(batch.count)
    for (let i = 0; i < ids.length; i++) ids[i] = messageIds.of(firstId + i)
    this.stored()
    return ids
  }
}
