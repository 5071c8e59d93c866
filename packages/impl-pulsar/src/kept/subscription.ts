import { type StoredMessage, WalError } from '@wal/walimpls'
import { comparePlaces, placeText } from '../driver/place.js'
import type { Cursor, EntryPlace } from '../driver/pulsar-driver.js'
import { firstEntry, type ReadTopic } from '../read/first-entry.js'
import type { PulsarId } from '../records/message-id.js'
import { messageIds } from '../records/message-ids.js'
import { namesEarlierTick, truncationInLog } from './truncation-in-log.js'

export interface SubscriptionParts extends ReadTopic {
  /** The subscription's name, for warnings. */
  readonly name: string
  /** Reads the last stored record. */
  readonly last: () => Promise<StoredMessage<PulsarId> | undefined>
}

/**
 * The durable subscription of a topic, which keeps the log's records. A consumer is there only while the subscription is looked
 * at or moved, so that two writers never wait for each other.
 */
export class Subscription {
  readonly #parts: SubscriptionParts

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
  }

  /**
   * Makes topic and subscription where they are missing, before the first record is stored. Resolves with warnings: that the
   * subscription of a log with records was gone, or that something else has moved it.
   */
  async make(): Promise<readonly string[]> {
    const { driver, topic } = this.#parts
    const existed = await driver.exists(topic)
    return this.#with({ make: true }, async (cursor) => (existed ? this.#look(cursor) : []))
  }

  /** Lets the broker free what lies before the entry of this record, but never the log's last entry. */
  async truncate(before: PulsarId): Promise<void> {
    const last = await this.#parts.last()
    if (last === undefined) return
    const { ledger, entry } = messageIds.compare(before, last.id) < 0 ? before : last.id
    // The number −1 stands for the place before the ledger's first entry.
    await this.#with({ make: true }, (cursor) => cursor.advance({ ledger, entry: entry - 1 }))
  }

  async #with<T>(options: { readonly make: boolean }, work: (cursor: Cursor) => Promise<T>): Promise<T> {
    const { driver, topic } = this.#parts
    const cursor = await driver.cursor(topic, options)
    try {
      return await work(cursor)
    } finally {
      // The consumer ends with its connection at the latest.
      await cursor.close().catch(() => {})
    }
  }

  async #look(cursor: Cursor): Promise<readonly string[]> {
    const last = await this.#parts.last()
    if (last === undefined) return []
    if (cursor.found === false) return [this.#gone()]
    const acknowledged = await cursor.acknowledged()
    try {
      const warning = await this.#difference(last, acknowledged)
      return warning === undefined ? [] : [warning]
    } catch (error) {
      // Records that cannot be decoded are told where they are read.
      if (WalError.isInstance(error)) return []
      throw error
    }
  }

  /** Compares where the subscription stands, and what is kept, with where the log says that it begins. */
  async #difference(
    last: StoredMessage<PulsarId>,
    acknowledged: EntryPlace | undefined,
  ): Promise<string | undefined> {
    const begin = await truncationInLog(last, (id) => this.#find(id))
    const oldest = await firstEntry(this.#parts, 'earliest')
    if (oldest === undefined) return undefined
    const kept = begin ?? oldest.place
    if (acknowledged !== undefined && comparePlaces(acknowledged, kept) >= 0)
      return this.#moved(acknowledged, kept)
    const lost =
      begin === undefined ? beginsLater(oldest.records()[0]) : comparePlaces(oldest.place, begin) > 0
    return lost ? this.#lost(oldest.place) : undefined
  }

  async #find(id: PulsarId): Promise<StoredMessage<PulsarId> | undefined> {
    const found = await firstEntry(this.#parts, id)
    return found !== undefined && comparePlaces(found.place, id) === 0 ? found.records()[id.index] : undefined
  }

  #gone(): string {
    return `The subscription "${this.#parts.name}", which keeps the log’s records, was gone though the log has records. It was made again; what the broker removed until then is lost. Look for who deletes subscriptions, and at the subscription expiration time (pulsar-admin namespaces get-subscription-expiration-time).`
  }

  #moved(acknowledged: EntryPlace, kept: EntryPlace): string {
    return `Something else than truncation has moved the subscription "${this.#parts.name}", which keeps the log’s records: it stands at ${placeText(acknowledged)}, and the log has records from ${placeText(kept)} on, which the broker may remove. Look at message TTL and backlog quotas, and for who skips messages; pulsar-admin topics reset-cursor brings the subscription back.`
  }

  #lost(oldest: EntryPlace): string {
    return `The broker has removed records that were not truncated: the oldest one kept is ${placeText(oldest)}. The subscription "${this.#parts.name}", which keeps the log’s records, was moved or removed by something else. Look at message TTL, backlog quotas and the subscription expiration time.`
  }
}

function beginsLater(first: StoredMessage<PulsarId> | undefined): boolean {
  return first !== undefined && namesEarlierTick(first)
}
