import type { Batch } from '../batch.js'
import { AppendTurns } from '../helper/append-turns.js'
import { tooLargeIn } from '../helper/too-large.js'
import type { WALImpls, Waits } from '../wal.js'
import type { Writer } from '../writer.js'
import { type MemoryId, memoryIds } from './memory-id.js'
import { type MemoryLogParts, MemoryReadOnlyWAL } from './memory-read-only-wal.js'

export class MemoryWAL extends MemoryReadOnlyWAL implements WALImpls<MemoryId> {
  /**
   * Whether a batch was stored through this log. The first batch takes the fence, also when the same writer opened the log
   * again.
   */
  #entered = false
  readonly #turns: AppendTurns

  constructor(
    parts: MemoryLogParts,
    readonly writer: Writer,
  ) {
    super(parts)
    const { maxInFlightBatches } = parts.limits
    this.#turns = new AppendTurns({ lifetime: this.lifetime, maxInFlightBatches })
  }

  append(batch: Batch): Promise<readonly MemoryId[]> {
    return this.#turns.run(() => this.#store(batch))
  }

  truncate(before: MemoryId, waits?: Waits): Promise<void> {
    return this.lifetime.during(waits, async () => {
      this.mustBeThere()
      this.log.truncate(memoryIds.numberOf(before))
    })
  }

  protected override async drained(): Promise<void> {
    await this.#turns.settled()
  }

  async #store(batch: Batch): Promise<readonly MemoryId[]> {
    await this.parts.runtime.yield()
    const tooLarge = tooLargeIn(batch, this.limits.maxRecordBytes)
    if (tooLarge !== undefined) throw tooLarge
    this.log.forgetIdleWriter(this.parts.runtime.monotonic(), this.limits.maxIdleMs ?? 0)
    const first = this.log.store(batch, this.writer, !this.#entered)
    this.#entered = true
    return Array.from({ length: batch.count }, (_, i) => memoryIds.of(first + i))
  }
}
