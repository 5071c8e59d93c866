import { randomBytes } from 'node:crypto'
import { type Batch, batchOf, type StoredMessage, systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { optionTable, type PulsarOptions } from '../../src/driver/options.js'
import type {
  EntryPlace,
  EntryProducer,
  EntryReader,
  ProducerOptions,
  ReaderOptions,
  ReceivedEntry,
} from '../../src/driver/pulsar-driver.js'
import { openProtocolDriver, type ProtocolDriver } from '../../src/protocol/protocol-driver.js'
import type { PulsarId } from '../../src/records/message-id.js'

/** `host:port` of a URL `pulsar://host:port`. */
export function hostOf(url: string): string {
  return url.replace(/^[^/]*\/\//, '').replace(/\/$/, '')
}

export function openDriver(options: PulsarOptions): Promise<ProtocolDriver> {
  const read = readOptions<never>(optionTable, options, 'backend "pulsar"')
  const choice = { name: 'protocol', reason: 'The test chose it.' }
  return openProtocolDriver({ options: read, runtime: systemRuntime, choice })
}

/** Drivers and a topic for one test, closed at its end. */
export class DriverScene implements AsyncDisposable {
  readonly topic = `persistent://public/default/test-${randomBytes(6).toString('hex')}`
  readonly #options: PulsarOptions
  readonly #drivers: ProtocolDriver[] = []

  constructor(options: PulsarOptions) {
    this.#options = options
  }

  async driver(options: Partial<PulsarOptions> = {}): Promise<ProtocolDriver> {
    const driver = await openDriver({ ...this.#options, ...options })
    this.#drivers.push(driver)
    return driver
  }

  /** A driver and a topic that exists, with its cursor. */
  async made(options: Partial<PulsarOptions> = {}): Promise<ProtocolDriver> {
    const driver = await this.driver(options)
    const cursor = await driver.cursor(this.topic, { make: true })
    await cursor.close()
    return driver
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const driver of this.#drivers) await driver.close()
  }
}

export function batch(...payloads: readonly string[]): Batch {
  return batchOf(
    0,
    payloads.map((payload) => ({ payload: Buffer.from(payload), properties: ['key', `of ${payload}`] })),
  )
}

/** A producer with its number, and what it was told. */
export class TestProducer {
  readonly endings: unknown[] = []
  #producer: EntryProducer | undefined
  #next = 0
  readonly #name = `wal-${randomBytes(4).toString('hex')}`
  readonly #driver: ProtocolDriver

  private constructor(driver: ProtocolDriver) {
    this.#driver = driver
  }

  static async open(
    driver: ProtocolDriver,
    topic: string,
    access: ProducerOptions['access'] = 'fencing',
  ): Promise<TestProducer> {
    const opened = new TestProducer(driver)
    const ended = (error: unknown) => opened.endings.push(error)
    opened.#producer = await driver.producer(topic, { access, name: opened.#name, ended })
    opened.#next = opened.#producer.lastSequence + 1
    return opened
  }

  get epoch(): number {
    return this.producer.epoch as number
  }

  get producer(): EntryProducer {
    return this.#producer as EntryProducer
  }

  async send(...payloads: readonly string[]): Promise<EntryPlace> {
    const place = await this.producer.send(this.#driver.prepare(batch(...payloads), this.#name), this.#next++)
    if (place === undefined) throw new Error('the broker took the entry for a copy')
    return place
  }

  close(): Promise<void> {
    return this.producer.close()
  }
}

/** A reader that collects what it gets. */
export class TestReader {
  readonly entries: ReceivedEntry[] = []
  readonly endings: unknown[] = []
  reader!: EntryReader
  #came = () => {}

  static async open(
    driver: ProtocolDriver,
    topic: string,
    start: ReaderOptions['start'],
  ): Promise<TestReader> {
    const opened = new TestReader()
    opened.reader = await driver.reader(topic, {
      start,
      entry: (entry) => {
        opened.entries.push(entry)
        opened.#came()
      },
      ended: (error) => {
        opened.endings.push(error)
        opened.#came()
      },
    })
    return opened
  }

  /** Waits until the reader has so many entries. */
  async entriesAtLeast(count: number): Promise<readonly ReceivedEntry[]> {
    while (this.entries.length < count && this.endings.length === 0)
      await new Promise<void>((resolve) => {
        this.#came = resolve
      })
    if (this.endings.length > 0) throw this.endings[0]
    return this.entries
  }

  async payloads(count: number): Promise<string[]> {
    return (await this.entriesAtLeast(count)).flatMap((entry) => entry.records().map(payloadOf))
  }
}

export function payloadOf({ payload }: StoredMessage<PulsarId>): string {
  return Buffer.from(payload).toString()
}
