import type {
  Guarantees,
  Limits,
  ReadOnlyWALImpls,
  ScannerImpls,
  ScannerOptions,
  StoredMessage,
  Waits,
} from '@wal/walimpls'
import { type Lifetime, Refreshed } from '@wal/walimpls/helper'
import type { Policies } from './admin/policies.js'
import { guaranteesOf } from './guarantees.js'
import { limitsOf } from './limits.js'
import type { LastRecord } from './read/last-record.js'
import { openScanner } from './read/scanner.js'
import type { PulsarId } from './records/message-id.js'
import type { Shared } from './shared.js'

/** The age at which policies are read again, in milliseconds. */
const POLICIES_AGE_MS = 60_000

export interface LogParts {
  readonly shared: Shared
  readonly channel: string
  /** The whole name of the topic. */
  readonly topic: string
  readonly policies: Policies
  readonly subscriptionWarnings: readonly string[]
  readonly last: LastRecord
  readonly opener: Lifetime
}

export class PulsarReadOnlyWAL implements ReadOnlyWALImpls<PulsarId> {
  readonly channel: string
  readonly place: string
  readonly limits: Limits
  protected readonly lifetime: Lifetime
  readonly #policies: Refreshed<Policies>

  constructor(protected readonly parts: LogParts) {
    const { shared, channel, topic, policies, opener } = parts
    const { runtime, driver, options } = shared
    this.channel = channel
    this.place = `${shared.cluster} ${topic}`
    this.limits = limitsOf(driver, options.maxInFlightBatches)
    this.lifetime = opener.ofLog(channel, () => this.release())
    this.#policies = new Refreshed<Policies>({
      runtime,
      maxAgeMs: POLICIES_AGE_MS,
      initial: policies,
      read: () => shared.policies(channel),
    })
  }

  get guarantees(): Guarantees {
    const { shared, subscriptionWarnings } = this.parts
    const { driver, options } = shared
    return guaranteesOf({
      choice: driver.choice,
      policies: this.#policies.value,
      subscriptionWarnings,
      subscription: options.subscription,
      namespace: options.namespace,
    })
  }

  last(waits?: Waits): Promise<StoredMessage<PulsarId> | undefined> {
    const { last, topic } = this.parts
    return this.lifetime.during(waits, () => last.read(), `reading the last record of the topic ${topic}`)
  }

  read(options: ScannerOptions<PulsarId>): ScannerImpls<PulsarId> {
    const { shared, topic } = this.parts
    return openScanner({ ...shared.read(topic), options, log: this.lifetime })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  /** Releases what the log holds, when all scanners are closed. */
  protected async release(): Promise<void> {
    await this.lifetime.settled()
    await this.parts.last.close()
  }
}
