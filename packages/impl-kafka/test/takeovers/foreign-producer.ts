import type { KafkaServer } from '@wal/brokers'
import type { StoredMessage } from '@wal/walimpls'
import type { Producer } from 'kafkajs'
import { kafkajs } from '../other-application.js'

/**
 * Another application's idempotent producer, which stores copies of one of the log's records all the time, until a broker refuses
 * one. Readers take the copies for records that were stored twice, and drop them.
 */
export class ForeignProducer {
  /** The name of the error with which the broker refused a record; undefined when the producer was told to stop. */
  readonly ended: Promise<string | undefined>
  #stored = 0
  #stopped = false

  private constructor(producer: Producer, topic: string, { payload, properties }: StoredMessage) {
    const headers: Record<string, string> = {}
    for (let i = 0; i < properties.length; i += 2)
      headers[properties[i] as string] = properties[i + 1] as string
    const run = async () => {
      try {
        for (; !this.#stopped; this.#stored++)
          await producer.send({ topic, messages: [{ value: Buffer.from(payload), headers }] })
        return undefined
      } catch (error) {
        return String((error as { type?: unknown }).type ?? error)
      } finally {
        await producer.disconnect()
      }
    }
    this.ended = run()
  }

  static async begin(broker: KafkaServer, topic: string, record: StoredMessage): Promise<ForeignProducer> {
    const producer = kafkajs(broker).producer({
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    return new ForeignProducer(producer, topic, record)
  }

  /** How many records the broker has stored. */
  get stored(): number {
    return this.#stored
  }

  stop(): void {
    this.#stopped = true
  }
}
