import { deferred } from '@wal/walimpls/helper'
import type * as Package from 'pulsar-client-types'
import { type FakeBroker, FakeMessageId } from './fake-broker.js'

interface Waiting {
  readonly message: Package.ProducerMessage
  readonly answer: ReturnType<typeof deferred<FakeMessageId>>
}

/** A producer of the fake addon: it sends what it was given when it is flushed, or when its own limits are reached. */
export class FakeProducer implements Package.Producer {
  readonly config: Package.ProducerConfig
  /** The batches that were sent. */
  readonly batches: Package.ProducerMessage[][] = []
  connected = true
  closed = false
  /** When set, the broker answers so. */
  answers: FakeMessageId | undefined
  readonly #addon: FakeBroker
  #batch: Waiting[] = []
  #bytes = 0
  #inFlight: Waiting[] = []
  #failed: string | undefined

  constructor(config: Package.ProducerConfig, addon: FakeBroker) {
    this.config = config
    this.#addon = addon
  }

  send(message: Package.ProducerMessage): Promise<FakeMessageId> {
    const answer = deferred<FakeMessageId>()
    if (this.#failed !== undefined) answer.reject(new Error(`Failed to send message: ${this.#failed}`))
    else {
      this.#batch.push({ message, answer })
      this.#bytes += message.data.length
    }
    const { batchingMaxMessages = 1_000, batchingMaxAllowedSizeInBytes = 131_072 } = this.config
    if (this.#batch.length >= batchingMaxMessages || this.#bytes >= batchingMaxAllowedSizeInBytes)
      void this.flush()
    return answer.promise
  }

  async flush(): Promise<null> {
    if (this.#failed !== undefined) throw new Error(`Failed to flush producer: ${this.#failed}`)
    const batch = this.#batch
    this.#batch = []
    this.#bytes = 0
    if (batch.length === 0) return null
    this.batches.push(batch.map(({ message }) => message))
    this.#inFlight.push(...batch)
    try {
      await this.#addon.scripts.flush?.(batch.map(({ message }) => message))
      this.#store(batch)
    } catch (error) {
      for (const { answer } of batch) answer.reject(error)
    }
    return null
  }

  async close(): Promise<null> {
    await this.#addon.scripts.closeProducer?.()
    this.fail('AlreadyClosed')
    this.closed = true
    this.#leave()
    return null
  }

  getProducerName(): string {
    return this.config.producerName ?? ''
  }

  getTopic(): string {
    return this.config.topic
  }

  isConnected(): boolean {
    return this.connected && this.#failed === undefined
  }

  /** Another producer has taken the topic. */
  fence(): void {
    this.#leave()
    this.fail('ResultProducerFenced')
  }

  fail(result: string): void {
    this.#failed ??= result
    for (const { answer } of [...this.#batch, ...this.#inFlight])
      answer.reject(new Error(`Failed to send message: ${result}`))
    this.#batch = []
    this.#inFlight = []
  }

  #leave(): void {
    this.#addon.table = this.#addon.table.filter((producer) => producer !== this)
  }

  #store(batch: readonly Waiting[]): void {
    const place = this.#addon.topic.store({
      producer: batch[0]?.message.partitionKey,
      sequence: batch[0]?.message.sequenceId,
      messages: batch.map(({ message }) => ({
        payload: Buffer.from(message.data),
        properties: throughTheMap(message.properties ?? {}),
      })),
    })
    this.#inFlight = this.#inFlight.filter((waiting) => !batch.includes(waiting))
    for (const [index, { answer }] of batch.entries())
      answer.resolve(this.answers ?? new FakeMessageId(place, index))
  }
}

/** As the client stores properties: C strings, which end at the first NUL, in a map that is sorted by their bytes. */
function throughTheMap(properties: { [key: string]: string }): string[] {
  const cut = (text: string) => Buffer.from(text).toString().split('\0', 1)[0] as string
  const map = new Map(Object.keys(properties).map((key) => [cut(key), cut(properties[key] as string)]))
  return [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).flat()
}
