import type { Batch, WALImpls, Waits, Writer } from '@wal/walimpls'
import type { Subscription } from './kept/subscription.js'
import { type LogParts, PulsarReadOnlyWAL } from './read-only-wal.js'
import type { PulsarId } from './records/message-id.js'
import { Appender } from './write/appender.js'

export interface WriterParts {
  readonly writer: Writer
  readonly subscription: Subscription
}

export class PulsarWAL extends PulsarReadOnlyWAL implements WALImpls<PulsarId> {
  readonly writer: Writer
  readonly #appender: Appender
  readonly #subscription: Subscription

  constructor(parts: LogParts, { writer, subscription }: WriterParts) {
    super(parts)
    const { shared, topic } = parts
    this.writer = writer
    this.#subscription = subscription
    this.#appender = new Appender({
      ...shared.read(topic),
      runtime: shared.runtime,
      name: shared.nameOf(writer),
      bounds: { lifetime: this.lifetime, maxInFlightBatches: this.limits.maxInFlightBatches },
      maxRecordBytes: this.limits.maxRecordBytes,
    })
  }

  append(batch: Batch): Promise<readonly PulsarId[]> {
    return this.#appender.append(batch)
  }

  truncate(before: PulsarId, waits?: Waits): Promise<void> {
    return this.lifetime.inTurn(
      waits,
      () => this.#subscription.truncate(before),
      `truncating the topic ${this.parts.topic}`,
    )
  }

  protected override async release(): Promise<void> {
    await this.#appender.close()
    await super.release()
  }
}
