import type { WireMessage } from '@wal/walimpls'
import type * as Package from 'pulsar-client-types'
import type { EntryPlace } from '../../src/driver/pulsar-driver.js'
import type { StoredEntry } from '../scripted-driver/scripted-topic.js'
import { type FakeBroker, FakeMessageId } from './fake-broker.js'

/** A reader of the fake addon. It begins behind its start, and gives its listener a message when the one before is done. */
export class FakeReader implements Package.Reader {
  readonly config: Package.ReaderConfig
  connected = true
  closed = false
  /** Whether the listener has not finished with a message. */
  waiting = false
  readonly #addon: FakeBroker
  #at: EntryPlace
  #queue: Package.Message[] = []

  constructor(config: Package.ReaderConfig, addon: FakeBroker) {
    this.config = config
    this.#addon = addon
    const { place } = config.startMessageId as FakeMessageId
    this.#at = place.ledger < 0 ? place : { ledger: place.ledger, entry: place.entry + 1 }
    addon.topic.followers.add(this)
    setImmediate(() => this.stored())
  }

  stored(): void {
    if (this.waiting || this.closed) return
    const message = this.#next()
    if (message === undefined) return
    if (this.#addon.passesOver > 0) {
      // The listener's thread has no reader yet to call it with.
      this.#addon.passesOver--
      this.stored()
      return
    }
    this.waiting = true
    const late = this.#addon.scripts.message?.(message)
    if (late === undefined) this.#give(message)
    else void late.then(() => this.#give(message))
  }

  #give(message: Package.Message): void {
    const done = () => {
      this.waiting = false
      this.stored()
    }
    const listener = this.config.listener as (message: Package.Message, reader: Package.Reader) => unknown
    const answer = listener(message, this)
    if (answer instanceof Promise)
      answer.then(done, () => this.#addon.crashes.push('a listener that waits forever'))
    else setImmediate(done)
  }

  readNext(): Promise<never> {
    this.#addon.crashes.push('readNext')
    return Promise.reject(new Error('the process crashes'))
  }

  hasNext(): boolean {
    this.#addon.crashes.push('hasNext')
    return false
  }

  isConnected(): boolean {
    return this.connected
  }

  seek(): Promise<never> {
    return Promise.reject(new Error('not used'))
  }

  seekTimestamp(): Promise<never> {
    return Promise.reject(new Error('not used'))
  }

  async close(): Promise<null> {
    this.leave()
    // The addon waits for the thread of the listener, which waits for the listener.
    while (this.waiting) await new Promise((resolve) => setImmediate(resolve))
    return null
  }

  leave(): void {
    this.closed = true
    this.#addon.topic.followers.delete(this)
  }

  #next(): Package.Message | undefined {
    if (this.#queue.length === 0) {
      const entry = this.#addon.topic.from(this.#at)
      if (entry === undefined) return undefined
      this.#at = { ledger: entry.place.ledger, entry: entry.place.entry + 1 }
      this.#queue = messagesOf(entry)
    }
    return this.#queue.shift()
  }
}

function messagesOf({ messages, place }: StoredEntry): Package.Message[] {
  return messages.map((message, index) => new FakeMessage(message, new FakeMessageId(place, index)) as never)
}

class FakeMessage implements Pick<Package.Message, 'getData' | 'getProperties' | 'getMessageId'> {
  readonly #message: WireMessage
  readonly #id: FakeMessageId

  constructor(message: WireMessage, id: FakeMessageId) {
    this.#message = message
    this.#id = id
  }

  getData(): Buffer {
    return Buffer.from(this.#message.payload)
  }

  getMessageId(): FakeMessageId {
    return this.#id
  }

  /** The addon sets the properties on an array. */
  getProperties(): { [key: string]: string } {
    const array = [] as unknown as { [key: string]: string }
    const { properties } = this.#message
    for (let i = 0; i < properties.length; i += 2)
      array[properties[i] as string] = properties[i + 1] as string
    return array
  }
}
