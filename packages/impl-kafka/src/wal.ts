import type { Batch, WALImpls, Waits, Writer } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { throwOnError } from './client/kafka-error.js'
import { admin } from './client/kafkajs.js'
import { KafkaReadOnlyWAL, type LogParts } from './read-only-wal.js'
import { messageIds } from './records/message-id.js'
import { Appender } from './write/appender.js'

export class KafkaWAL extends KafkaReadOnlyWAL implements WALImpls<NumberId> {
  readonly #appender: Appender

  constructor(
    parts: LogParts,
    readonly writer: Writer,
  ) {
    super(parts)
    const { shared, topic, settings } = parts
    const { cluster, runtime, options } = shared
    this.#appender = new Appender({
      cluster,
      topic,
      fence: {
        cluster,
        runtime,
        transactionalId: options.transactionalIdPrefix + topic.name,
        timeoutMs: options.requestTimeoutMs,
      },
      queueOf: (node) => shared.broker(node).queue,
      bounds: { lifetime: this.lifetime, maxInFlightBatches: this.limits.maxInFlightBatches },
      maxMessageBytes: settings.maxMessageBytes ?? Number.POSITIVE_INFINITY,
      maxRecordBytes: this.limits.maxRecordBytes,
      gzip: options.compression === 'gzip',
      now: () => runtime.now(),
    })
  }

  append(batch: Batch): Promise<readonly NumberId[]> {
    return this.#appender.append(batch)
  }

  truncate(before: NumberId, waits?: Waits): Promise<void> {
    const doing = `truncating the topic ${this.channel}`
    return this.lifetime.inTurn(waits, async () => this.#truncate(messageIds.numberOf(before)), doing)
  }

  protected override get asksSoon(): boolean {
    return false
  }

  protected override async release(): Promise<void> {
    await this.#appender.settled()
    await this.lifetime.settled()
  }

  /** Frees the records below `before`, but never the last one. */
  async #truncate(before: number): Promise<void> {
    const { cluster } = this.parts.shared
    const deadline = cluster.deadline()
    const last = await this.last()
    if (last === undefined) return
    const offset = Math.min(before, messageIds.numberOf(last.id))
    if (offset <= 0) return
    const { leader } = await this.ledTopic()
    const request = admin.deleteRecords(this.channel, offset, deadline.forBroker)
    try {
      const { topics } = await cluster.askAdmin(leader, request, deadline)
      for (const { partitions } of topics) for (const { errorCode } of partitions) throwOnError(errorCode)
    } catch (error) {
      // The leader may have changed: the next attempt asks who it is.
      cluster.forget(this.channel)
      throw error
    }
  }
}
