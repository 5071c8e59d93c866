import { AppendError } from '../errors/append-error.js'
import type { ErrorCode } from '../errors/error-code.js'
import { AppendTurns } from '../helper/append-turns.js'
import { recordBytes } from '../message/record-bytes.js'
import type { Batch, WALImpls, Waits } from '../wal.js'
import type { Writer } from '../writer.js'
import { type MemoryId, memoryIds } from './memory-id.js'
import { type MemoryLogParts, MemoryReadOnlyWAL } from './memory-read-only-wal.js'

export class MemoryWAL extends MemoryReadOnlyWAL implements WALImpls<MemoryId> {
  #inFlight = 0
  /** The first batch of an opened log takes the fence; a writer opens again when it was taken from it. */
  #entered = false
  readonly #turns = new AppendTurns()

  constructor(
    parts: MemoryLogParts,
    readonly writer: Writer,
  ) {
    super(parts)
  }

  append(batch: Batch): Promise<readonly MemoryId[]> {
    const refusal = this.#refusal()
    // Behind those in flight: calls settle in order.
    if (refusal !== undefined) return this.#turns.settled().then(() => Promise.reject(refusal))
    this.#inFlight++
    return this.#turns.run(() => this.#store(batch)).finally(() => this.#inFlight--)
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
    for (const message of batch.messages) {
      if (recordBytes(message) > this.limits.maxRecordBytes)
        throw notWritten(
          'WAL_MESSAGE_TOO_LARGE',
          `A record of ${recordBytes(message)} bytes can't be stored; the largest has ${this.limits.maxRecordBytes} bytes.`,
        )
    }
    this.log.forgetIdleWriter(this.parts.runtime.monotonic(), this.limits.maxIdleMs ?? 0)
    const first = this.log.store(batch, this.writer, !this.#entered)
    this.#entered = true
    return batch.messages.map((_, i) => memoryIds.of(first + i))
  }

  #refusal(): AppendError | undefined {
    if (this.lifetime.closed) return notWritten('WAL_CLOSED', 'the log is closed')
    if (this.#inFlight >= this.limits.maxInFlightBatches)
      return notWritten(
        'WAL_INVALID_ARGUMENT',
        `There are ${this.limits.maxInFlightBatches} batches in flight already, as many as this log takes`,
      )
    return undefined
  }
}

function notWritten(code: ErrorCode, message: string): AppendError {
  return new AppendError(code, message, { outcome: 'not-written' })
}
