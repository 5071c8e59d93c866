import { batchOf, type Runtime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { type FullPulsarOptions, optionTable, type PulsarOptions } from '../../src/driver/options.js'
import type {
  EntryProducer,
  EntryReader,
  ProducerOptions,
  ReaderOptions,
  ReceivedEntry,
} from '../../src/driver/pulsar-driver.js'
import { openNativeDriver } from '../../src/native/native-driver.js'
import { ScriptedDriver } from '../scripted-driver/scripted-driver.js'
import { FakeAddon } from './fake-addon.js'
import type { FakeProducer } from './fake-producer.js'

export const TOPIC = 'persistent://public/default/orders'
export const NAME = 'wal-mine'
export const TIMEOUT_MS = 10_000

/** Lets everything happen that is due now. */
export async function turns(count = 40): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The native driver on the fake of its addon and on the scripted driver. Promises are real; timers run when a test moves time on. */
export class NativeScene {
  readonly time = simulatedRuntime({ seed: 1 })
  readonly runtime: Runtime = {
    now: () => this.time.now(),
    monotonic: () => this.time.monotonic(),
    random: () => this.time.random(),
    setTimeout: (run, ms) => this.time.setTimeout(run, ms),
    yield: () => new Promise((resolve) => setImmediate(resolve)),
    get files(): never {
      throw new Error('no file is used here')
    },
  }
  readonly protocol = new ScriptedDriver()
  readonly topic = this.protocol.topic(TOPIC)
  readonly addon = new FakeAddon(this.topic)
  readonly driver
  /** What the producer and the readers were told when they ended. */
  readonly ended: unknown[] = []
  readonly entries: ReceivedEntry[] = []

  constructor(options: Partial<PulsarOptions> = {}) {
    const given = { hosts: ['one', 'two:7000'], requestTimeoutMs: TIMEOUT_MS, ...options }
    const full = readOptions(optionTable, given, 'backend "pulsar"') as FullPulsarOptions
    this.driver = openNativeDriver(full, this.runtime, {
      protocol: this.protocol,
      addon: this.addon.module,
      reason: 'A test chose it.',
    })
  }

  producer(options: Partial<ProducerOptions> = {}): Promise<EntryProducer> {
    const ended = (error: unknown) => this.ended.push(error)
    return this.driver.producer(TOPIC, { access: 'fencing', name: NAME, ended, ...options })
  }

  /** The producer of the addon that a driver's producer uses: the last one that was made. */
  get native(): FakeProducer {
    return this.addon.producers.at(-1) as FakeProducer
  }

  reader(options: Partial<ReaderOptions> = {}): Promise<EntryReader> {
    const ended = (error: unknown) => this.ended.push(error)
    const entry = (received: ReceivedEntry) => this.entries.push(received)
    return this.driver.reader(TOPIC, { start: 'earliest', entry, ended, ...options })
  }

  /** An entry of this many records, prepared. */
  prepared(count = 1, properties: readonly string[] = []) {
    return this.driver.prepare(batchOf(0, records(count, properties)), NAME)
  }

  /** Puts entries into the topic, each of this many records. */
  store(...counts: number[]): void {
    for (const count of counts) this.topic.store({ messages: records(count) })
  }

  /** The payloads that the readers were given. */
  get read(): string[] {
    return this.entries.flatMap((entry) => entry.records().map(({ payload }) => `${payload}`))
  }

  /** The places of what the readers were given, as `ledger:entry:index`. */
  get places(): string[] {
    return this.entries
      .flatMap((entry) => entry.records())
      .map(({ id: { ledger, entry, index } }) => `${ledger}:${entry}:${index}`)
  }
}

export function records(count: number, properties: readonly string[] = []) {
  return Array.from({ length: count }, (_, i) => ({ payload: Buffer.from(`record ${i}`), properties }))
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  return promise.then(
    () => {
      throw new Error('it resolved')
    },
    (error) => error,
  )
}
