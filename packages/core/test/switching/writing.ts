import assert from 'node:assert/strict'
import type { TimeTick } from '@wal/walimpls'
import {
  type AppendError,
  type AppendOptions,
  type AppendResult,
  type WAL,
  WalError,
} from '../../src/index.js'
import { message } from '../harness.js'
import type { Chance } from './chance.js'
import type { Counters } from './counters.js'
import type { ExpectedLog } from './expected-log.js'

export const VCHANNELS = ['', 'red', 'blue'] as const
export const THE_END = 'the end'

/** Every message that any writer appended, with its outcome. */
export class Writing {
  readonly acked = new Map<string, AppendResult>()
  readonly #notWritten = new Set<string>()
  readonly #unknown = new Set<string>()
  readonly #chance: Chance
  readonly #counters: Counters
  #newestAcked = -1n
  #made = 0
  readonly #open = new Set<Promise<void>>()

  constructor(chance: Chance, counters: Counters) {
    this.#chance = chance
    this.#counters = counters
  }

  /** How many messages were appended so far. The next one has this number as its name. */
  get made(): number {
    return this.#made
  }

  get newestAcked(): TimeTick {
    return this.#newestAcked
  }

  get open(): number {
    return this.#open.size
  }

  async settled(): Promise<void> {
    await Promise.all(this.#open)
  }

  /** Makes some appends and does not await them. */
  burst(wal: WAL, largest: number): void {
    const chance = this.#chance
    const count = 1 + chance.below(6)
    const made = () => ({ text: this.#text(largest), vchannel: chance.of(VCHANNELS) })
    if (chance.is(0.2)) this.#track(this.#appendBatch(wal, Array.from({ length: count }, made)))
    else for (let i = 0; i < count; i++) this.#track(this.#append(wal, made()))
  }

  async theEnd(wal: WAL): Promise<AppendResult> {
    const result = await wal.append(message(THE_END))
    this.acked.set(THE_END, result)
    return result
  }

  check(log: ExpectedLog): void {
    const places = new Map(log.records.filter(({ isTick }) => !isTick).map((each) => [each.payload, each]))
    for (const [text, { timeTick, messageId }] of this.acked) {
      const record = places.get(text)
      assert.ok(record !== undefined, `${nameOf(text)} was acked and is lost`)
      assert.equal(record.timeTick, timeTick, `${nameOf(text)} lies at another time tick than its ack says`)
      assert.ok(record.ids.has(messageId), `${nameOf(text)} lies at another id than its ack says`)
    }
    for (const text of places.keys()) {
      assert.ok(!this.#notWritten.has(text), `${nameOf(text)} was not written, and is there`)
      assert.ok(this.acked.has(text) || this.#unknown.has(text), `${nameOf(text)} out of nowhere`)
    }
  }

  #text(largest: number): string {
    this.#counters.appends++
    return `${this.#made++}`.padEnd(1 + this.#chance.below(largest), '.')
  }

  #track(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.#open.delete(tracked))
    // The error reaches the code that awaits `settled`.
    tracked.catch(() => {})
    this.#open.add(tracked)
  }

  async #append(wal: WAL, { text, vchannel }: { text: string; vchannel: string }): Promise<void> {
    const ackedBefore = this.#newestAcked
    const options: AppendOptions = this.#chance.is(0.1) ? { timeoutMs: 1 + this.#chance.below(10) } : {}
    try {
      this.#ack(text, await wal.append(message(text, { vchannel }), options), ackedBefore)
    } catch (error) {
      this.#failed(text, error)
    }
  }

  async #appendBatch(wal: WAL, messages: readonly { text: string; vchannel: string }[]): Promise<void> {
    const ackedBefore = this.#newestAcked
    let results: readonly AppendResult[]
    let failure: unknown
    try {
      results = await wal.appendBatch(messages.map(({ text, vchannel }) => message(text, { vchannel })))
    } catch (error) {
      failure = error
      results = (error as { results?: AppendResult[] }).results ?? []
    }
    for (const [i, { text }] of messages.entries()) {
      const result = results[i]
      if (result === undefined) this.#failed(text, failure)
      else this.#ack(text, result, ackedBefore)
    }
  }

  #ack(text: string, result: AppendResult, ackedBefore: TimeTick): void {
    assert.ok(result.timeTick > ackedBefore, `${nameOf(text)} was appended after an ack, and lies below it`)
    this.acked.set(text, result)
    if (result.timeTick > this.#newestAcked) this.#newestAcked = result.timeTick
  }

  #failed(text: string, error: unknown): void {
    // Any other error means that the test or the product is wrong.
    if (!WalError.isInstance(error)) throw error
    if ((error as AppendError).outcome === 'not-written') this.#notWritten.add(text)
    else {
      this.#unknown.add(text)
      this.#counters['unknown outcomes']++
    }
  }
}

/** The text of a message without its padding. */
export function nameOf(text: string): string {
  const end = text.indexOf('.')
  return `message ${end < 0 ? text : text.slice(0, end)}`
}
