import { BinaryReader } from '@bufbuild/protobuf/wire'
import type * as Package from 'pulsar-client-types'
import type { Addon } from '../../src/native/addon.js'
import type { ScriptedTopic } from '../scripted-driver/scripted-topic.js'
import { FakeBroker, FakeMessageId } from './fake-broker.js'
import { FakeProducer } from './fake-producer.js'
import { FakeReader } from './fake-reader.js'

/**
 * A fake of `pulsar-client` over a topic in memory, no proof of what the real one does. It behaves as the addon's source and the
 * measurements in the decisions say, traps included. The compiler checks it against the package's own types.
 */
export class FakeAddon extends FakeBroker {
  readonly clients: FakeClient[] = []
  readonly module: Addon

  constructor(topic: ScriptedTopic) {
    super(topic)
    const addon = this
    this.module = {
      Client: class extends FakeClient {
        constructor(config: Package.ClientConfig) {
          super(config, addon)
          addon.clients.push(this)
        }
      },
      AuthenticationToken: FakeToken,
      MessageId: {
        earliest: () => new FakeMessageId({ ledger: -1, entry: -1 }),
        latest: () => new FakeMessageId({ ledger: 2 ** 53, entry: -1 }),
        deserialize: (data) => deserialised(data, addon.crashes),
      } satisfies Omit<typeof Package.MessageId, 'prototype'>,
      // The fake takes what the package's types take, which `addon-types.test.ts` compares with ours.
    } as unknown as Addon
  }

  get producers(): readonly FakeProducer[] {
    return this.clients.flatMap(({ producers }) => producers)
  }

  get readers(): readonly FakeReader[] {
    return this.clients.flatMap(({ readers }) => readers)
  }
}

export class FakeClient implements Package.Client {
  readonly producers: FakeProducer[] = []
  readonly readers: FakeReader[] = []
  closed = false
  readonly config: Package.ClientConfig
  readonly #addon: FakeBroker

  constructor(config: Package.ClientConfig, addon: FakeBroker) {
    this.config = config
    this.#addon = addon
    // The package does so with the object that it is given.
    config.tlsTrustCertsFilePath ||= 'cert.pem'
  }

  async createProducer(config: Package.ProducerConfig): Promise<FakeProducer> {
    await this.#addon.scripts.createProducer?.(config)
    const { table } = this.#addon
    if (config.accessMode === 'ExclusiveWithFencing') for (const producer of [...table]) producer.fence()
    else if (table.length > 0) throw new Error('Failed to create producer: ResultProducerFenced')
    const producer = new FakeProducer(config, this.#addon)
    this.producers.push(producer)
    this.#addon.table.push(producer)
    return producer
  }

  async createReader(config: Package.ReaderConfig): Promise<FakeReader> {
    await this.#addon.scripts.createReader?.(config)
    const reader = new FakeReader(config, this.#addon)
    this.readers.push(reader)
    return reader
  }

  subscribe(): Promise<never> {
    return Promise.reject(new Error('no consumer is used'))
  }

  getPartitionsForTopic(): Promise<never> {
    return Promise.reject(new Error('not used'))
  }

  async close(): Promise<null> {
    await this.#addon.scripts.closeClient?.()
    for (const producer of this.producers) await producer.close()
    for (const reader of this.readers) reader.leave()
    this.closed = true
    return null
  }
}

class FakeToken implements Package.AuthenticationToken {
  readonly token: unknown

  constructor(parameters: { token: unknown }) {
    this.token = parameters.token
  }
}

function deserialised(data: Buffer, crashes: string[]): FakeMessageId {
  const fields = new Map<number, bigint | string>()
  const reader = new BinaryReader(data)
  try {
    while (reader.pos < reader.len) fields.set(reader.tag()[0], reader.int64())
  } catch {
    fields.clear()
  }
  if (!fields.has(1) || !fields.has(2)) crashes.push('deserialize of bytes that are no message id')
  return new FakeMessageId({ ledger: Number(fields.get(1)), entry: Number(fields.get(2)) })
}
