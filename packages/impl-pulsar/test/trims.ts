import { setTimeout as sleep } from 'node:timers/promises'
import type { PulsarServer } from '@wal/brokers'

/** How long the topics of a test are trimmed again and again, in milliseconds. */
const TRIMMED_MS = 120_000
const PAUSE_MS = 100

/** Settings by which a topic has many ledgers: a new one begins behind so many entries. */
export const smallLedgers = (entries: number) => ({
  managedLedgerMaxEntriesPerLedger: entries,
  managedLedgerMinLedgerRolloverTimeMinutes: 0,
})

/** Has the broker trim all topics that are new, again and again, until it is disposed. */
export class Trims implements AsyncDisposable {
  /** How many trims the broker has executed. */
  count = 0
  #ended = false
  readonly #running: Promise<void>
  readonly #firstSeen = new Map<string, number>()
  readonly #pulsar: PulsarServer

  constructor(pulsar: PulsarServer) {
    this.#pulsar = pulsar
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      // The broker may be killed, and a topic may be unloaded at this moment.
      await this.#trimAll().catch(() => {})
      await sleep(PAUSE_MS)
    }
  }

  async #trimAll(): Promise<void> {
    const { admin } = this.#pulsar
    const now = performance.now()
    for (const topic of await admin.topics()) {
      const since = this.#firstSeen.get(topic) ?? now
      this.#firstSeen.set(topic, since)
      if (this.#ended || now - since > TRIMMED_MS) continue
      await admin.trim(topic)
      this.count++
    }
  }
}
