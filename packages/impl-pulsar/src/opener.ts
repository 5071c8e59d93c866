import {
  checkChannelName,
  type OpenerImpls,
  type Runtime,
  type Waits,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { Lifetime } from '@wal/walimpls/helper'
import { mapError } from './driver/error-table.js'
import type { FullPulsarOptions } from './driver/options.js'
import type { PulsarDriver } from './driver/pulsar-driver.js'
import { Subscription } from './kept/subscription.js'
import { LastRecord } from './read/last-record.js'
import { PulsarReadOnlyWAL } from './read-only-wal.js'
import type { PulsarId } from './records/message-id.js'
import { Shared } from './shared.js'
import { PulsarWAL } from './wal.js'

/** An opener for the channels of a namespace: each is a topic without partitions. */
export class PulsarOpener implements OpenerImpls<PulsarId> {
  readonly #shared: Shared
  readonly #lifetime: Lifetime

  constructor(driver: PulsarDriver, options: FullPulsarOptions, runtime: Runtime) {
    this.#shared = new Shared(driver, options, runtime)
    this.#lifetime = new Lifetime({
      what: 'The opener',
      release: () => this.#shared.close(),
      mapped: mapError,
    })
  }

  openReadOnly(channel: string, waits?: Waits): Promise<PulsarReadOnlyWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        checkChannelName(channel)
        const topic = this.#shared.topicOf(channel)
        if (!(await this.#shared.driver.exists(topic))) throw noChannel(topic)
        return new PulsarReadOnlyWAL(await this.#parts(channel, new LastRecord(this.#shared.read(topic))))
      },
      `opening the topic of channel ${channel}`,
    )
  }

  /** Makes topic and subscription when they are missing. The first batch takes the fence. */
  open(channel: string, writer: Writer, waits?: Waits): Promise<PulsarWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        checkChannelName(channel)
        const topic = this.#shared.topicOf(channel)
        const read = this.#shared.read(topic)
        const last = new LastRecord(read)
        const name = this.#shared.options.subscription
        const subscription = new Subscription({ ...read, name, last: () => last.read() })
        try {
          const subscriptionWarnings = await subscription.make()
          const parts = await this.#parts(channel, last)
          return new PulsarWAL({ ...parts, subscriptionWarnings }, { writer, subscription })
        } catch (error) {
          await last.close()
          throw error
        }
      },
      `opening the topic of channel ${channel}`,
    )
  }

  list(waits?: Waits): Promise<readonly string[]> {
    const { driver, options } = this.#shared
    return this.#lifetime.during(
      waits,
      async () => this.#shared.channelsIn(await driver.list(options.namespace)),
      'listing channels',
    )
  }

  async close(): Promise<void> {
    const { runtime, driver } = this.#shared
    await this.#lifetime.closeSoon(runtime, () => driver.close())
  }

  async #parts(channel: string, last: LastRecord) {
    const policies = await this.#shared.policies(channel)
    const topic = this.#shared.topicOf(channel)
    const [shared, opener] = [this.#shared, this.#lifetime]
    return { shared, channel, topic, policies, subscriptionWarnings: [], last, opener }
  }
}

function noChannel(topic: string): WalError {
  return new WalError(
    'WAL_CHANNEL_NOT_FOUND',
    `There is no topic "${topic}" in the cluster. Opening it for writing makes it.`,
  )
}
