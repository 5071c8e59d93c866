import { batchOf, outcomeOf, WalError } from '@wal/walimpls'
import { type SimulatedRuntime, simulatedRuntime } from '@wal/walimpls/testing'
import type { PulsarId } from '../../src/records/message-id.js'
import { Appender } from '../../src/write/appender.js'
import { ScriptedDriver } from '../scripted-driver/scripted-driver.js'
import type { ScriptedProducers } from '../scripted-driver/scripted-producers.js'
import type { ScriptedTopic } from '../scripted-driver/scripted-topic.js'

export const TOPIC = 'persistent://public/default/orders'
export const TIMEOUT_MS = 5_000

/** A topic on a scripted driver, and the writers that append to it. Time is virtual. */
export class ScriptedWriters {
  readonly runtime: SimulatedRuntime = simulatedRuntime({ seed: 1 })
  readonly driver = new ScriptedDriver({ runtime: this.runtime })
  readonly topic: ScriptedTopic = this.driver.topic(TOPIC)
  readonly producers: ScriptedProducers = this.driver.producers(TOPIC)

  writer(incarnation: string): ScriptedWriter {
    return new ScriptedWriter(this, incarnation)
  }

  /** A writer whose first batch is stored, so that others may be in flight at once. */
  async writerAtWork(incarnation = 'mine'): Promise<ScriptedWriter> {
    const writer = this.writer(incarnation)
    await this.runtime.run(writer.append(1))
    return writer
  }

  /** What is stored, in order: `name/number` of each entry. */
  get stored(): readonly string[] {
    return this.topic.entries.map(({ producer, sequence }) => `${producer}/${sequence}`)
  }
}

export class ScriptedWriter {
  readonly appender: Appender
  readonly lifetime = { closed: false, what: 'The log' }
  readonly #runtime: SimulatedRuntime
  #sequence = 0

  constructor({ driver, runtime }: ScriptedWriters, incarnation: string) {
    this.#runtime = runtime
    this.appender = new Appender({
      ...{ driver, runtime, topic: TOPIC, name: `wal-${incarnation}`, requestTimeoutMs: TIMEOUT_MS },
      bounds: { lifetime: this.lifetime, maxInFlightBatches: 8 },
      maxRecordBytes: 1000,
    })
  }

  /** The next batch of this writer. */
  batch(count = 1, size = 3) {
    const sequence = this.#sequence
    this.#sequence += count
    return batchOf(
      sequence,
      Array.from({ length: count }, (_, i) => ({
        payload: Buffer.alloc(size, sequence + i),
        properties: [],
      })),
    )
  }

  append(count = 1): Promise<string> {
    return this.send(this.batch(count))
  }

  /** The ids of a batch, `ledger:entry:index` each, or how it failed: outcome and code. */
  async send(batch: ReturnType<ScriptedWriter['batch']>): Promise<string> {
    try {
      return textOf(await this.appender.append(batch))
    } catch (error) {
      return `${outcomeOf(error)}: ${WalError.isInstance(error) ? error.code : error}`
    }
  }

  /** Appends these batches at once. */
  sendAll(batches: readonly ReturnType<ScriptedWriter['batch']>[]): Promise<string[]> {
    return this.#runtime.run(Promise.all(batches.map((batch) => this.send(batch))))
  }
}

function textOf(ids: readonly PulsarId[]): string {
  return ids.map(({ ledger, entry, index }) => `${ledger}:${entry}:${index}`).join(' ')
}
