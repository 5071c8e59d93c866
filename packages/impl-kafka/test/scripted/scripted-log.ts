import { type Batch, batchOf, RESERVED, type Runtime, type StoredMessage, type WALImpls } from '@wal/walimpls'
import { type NumberId, readOptions } from '@wal/walimpls/helper'
import { type SimulatedRuntime, simulatedRuntime } from '@wal/walimpls/testing'
import { Cluster } from '../../src/client/cluster.js'
import { type FullKafkaOptions, type KafkaOptions, optionTable } from '../../src/client/options.js'
import { KafkaOpener } from '../../src/opener.js'
import { messageIds } from '../../src/records/message-id.js'
import type { ScriptedBroker } from './scripted-broker.js'
import { ScriptedCluster } from './scripted-cluster.js'
import type { ScriptedPartition } from './scripted-partition.js'

export const CHANNEL = 'orders'
export const TRANSACTIONAL_ID = `wal-${CHANNEL}`
export const WRITER = { term: 3, incarnation: 'mine' } as const

/** Lets everything happen that is due now: the backend and the brokers exchange what they have to say. */
export async function turns(count = 60): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The backend on a scripted cluster. Promises and turns of the event loop are real; timers run when a test moves time on. */
export class ScriptedLog {
  readonly time: SimulatedRuntime = simulatedRuntime({ seed: 1 })
  /** How many timers of the backend and the brokers have not run and were not cleared. */
  timers = 0
  readonly runtime: Runtime
  readonly cluster: ScriptedCluster

  constructor({ brokers = 1 } = {}) {
    this.runtime = {
      now: () => this.time.now(),
      monotonic: () => this.time.monotonic(),
      random: () => this.time.random(),
      setTimeout: (run, ms) => this.#count(run, ms),
      yield: () => new Promise((resolve) => setImmediate(resolve)),
      get files(): never {
        throw new Error('no file is used here')
      },
    }
    this.cluster = new ScriptedCluster(this.runtime, brokers)
  }

  get broker(): ScriptedBroker {
    return this.cluster.brokers[0] as ScriptedBroker
  }

  get partition(): ScriptedPartition {
    return this.cluster.topic(CHANNEL).partition
  }

  async opener(options: Partial<KafkaOptions> = {}): Promise<KafkaOpener> {
    const hosts = this.cluster.brokers.map(({ node }) => `scripted:${this.cluster.endpoint(node).port}`)
    const full = readOptions(optionTable, { hosts, ...options }, 'backend "kafka"') as FullKafkaOptions
    const { runtime, cluster: scripted } = this
    const { requestTimeoutMs } = full
    const cluster = new Cluster({
      connect: scripted.connect,
      hosts: scripted.brokers.map(({ node }) => scripted.endpoint(node)),
      ...{ runtime, requestTimeoutMs },
    })
    await cluster.begin()
    return new KafkaOpener(cluster, full, runtime)
  }

  async writer(options: Partial<KafkaOptions> = {}, opener?: KafkaOpener): Promise<ScriptedWriter> {
    return new ScriptedWriter(await (opener ?? (await this.opener(options))).open(CHANNEL, WRITER))
  }

  /** A writer whose first batch, of one record, is stored: it has the fence. */
  async writerAtWork(options: Partial<KafkaOptions> = {}, opener?: KafkaOpener): Promise<ScriptedWriter> {
    const writer = await this.writer(options, opener)
    await writer.append(1)
    return writer
  }

  async reader(options: Partial<KafkaOptions> = {}) {
    return (await this.opener(options)).openReadOnly(CHANNEL)
  }

  /** Moves time on, in small steps between which everything happens that is due. */
  async pass(ms: number): Promise<void> {
    const steps = Math.min(20, Math.ceil(ms))
    for (let i = 0; i < steps; i++) {
      await turns(15)
      await this.time.advance(ms / steps)
    }
    await turns(15)
  }

  #count(run: () => void, ms: number) {
    this.timers++
    let open = true
    const ended = () => {
      if (open) this.timers--
      open = false
    }
    const timer = this.time.setTimeout(() => {
      ended()
      run()
    }, ms)
    return {
      clear() {
        ended()
        timer.clear()
      },
    }
  }
}

/** Gives each batch the sequence that core would give it. */
export class ScriptedWriter {
  #sequence = 0

  constructor(readonly wal: WALImpls<NumberId>) {}

  /** `tick` is the offset of the log's last time tick, as core names it in every record. */
  batch(count: number, tick?: number): Batch {
    const first = this.#sequence
    this.#sequence += count
    const named = tick === undefined ? [] : [RESERVED.previousTick, tick.toString(36)]
    const messages = Array.from({ length: count }, (_, i) => ({
      payload: Buffer.from(`message ${first + i}`),
      properties: ['_wt', '3', ...named],
    }))
    return batchOf(first, messages)
  }

  /** The ids as text, or `outcome: code` of the error. It never rejects. */
  append(count: number): Promise<string> {
    return this.send(this.batch(count))
  }

  send(batch: Batch): Promise<string> {
    return this.wal.append(batch).then(
      (ids) => ids.map((id) => messageIds.numberOf(id)).join(' '),
      (error: FailedAppend) => `${error.outcome}: ${error.code}`,
    )
  }
}

export interface FailedAppend extends Error {
  readonly code: string
  readonly outcome: string
}

export const textsOf = (messages: readonly StoredMessage[] | undefined) =>
  messages?.map(({ payload }) => Buffer.from(payload).toString())

/** By what the broker recognises the batches that are stored: producer id, epoch, first sequence, in the order of the log. */
export const numbersOf = ({ batches }: ScriptedPartition) =>
  batches.map(({ header }) =>
    [Number(header.producerId), header.producerEpoch, header.baseSequence].join('/'),
  )
