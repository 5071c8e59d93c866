import type * as Package from 'pulsar-client-types'
import type { EntryPlace } from '../../src/driver/pulsar-driver.js'
import type { ScriptedTopic } from '../scripted-driver/scripted-topic.js'

/** What the addon answers to a call: a promise in place of what it would answer by itself. */
export interface FakeScripts {
  createProducer?: (config: Package.ProducerConfig) => Promise<void> | undefined
  createReader?: (config: Package.ReaderConfig) => Promise<void> | undefined
  /** Asked at each flush, with the messages of the batch. */
  flush?: (messages: readonly Package.ProducerMessage[]) => Promise<void> | undefined
  /** Asked before a reader's listener is called. */
  message?: (message: Package.Message) => Promise<void> | undefined
  closeClient?: () => Promise<void> | undefined
  closeProducer?: () => Promise<void> | undefined
}

/** What the parts of the fake addon share. */
export class FakeBroker {
  readonly topic: ScriptedTopic
  readonly scripts: FakeScripts = {}
  /** What would have ended the process, or stopped one of its threads forever. */
  readonly crashes: string[] = []
  /** How many messages a reader passes over because its caller does not have it yet. */
  passesOver = 0
  /** The producers that the broker knows. */
  table: { fence(): void }[] = []

  constructor(topic: ScriptedTopic) {
    this.topic = topic
  }
}

export class FakeMessageId implements Package.MessageId {
  readonly place: EntryPlace
  readonly #index: number

  constructor(place: EntryPlace, index = -1) {
    this.place = place
    this.#index = index
  }

  serialize(): Buffer {
    throw new Error('not used')
  }

  toString(): string {
    return `(${this.place.ledger},${this.place.entry},-1,${this.#index})`
  }
}
