import { invalidArgument, isChannelName, type Runtime, type Writer } from '@wal/walimpls'
import { hostText } from '@wal/walimpls/helper'
import { AdminClient } from './admin/admin-client.js'
import { type Policies, readPolicies, UNKNOWN_POLICIES } from './admin/policies.js'
import type { FullPulsarOptions } from './driver/options.js'
import type { PulsarDriver } from './driver/pulsar-driver.js'
import { serviceHosts } from './protocol/address.js'
import type { ReadTopic } from './read/first-entry.js'

/** What Pulsar appends to the names of the parts of a partitioned topic. */
const PARTITION = /-partition-\d+$/

/** What all logs of one opener share. */
export class Shared {
  /** Names the cluster: the addresses that the options give, in order. The protocol tells no name of it. */
  readonly cluster: string
  readonly #admin: AdminClient | undefined
  /** How many logs were opened for writing. */
  #opened = 0

  constructor(
    readonly driver: PulsarDriver,
    readonly options: FullPulsarOptions,
    readonly runtime: Runtime,
  ) {
    const { hosts, tls, adminUrl, tlsOptions, requestTimeoutMs } = options
    this.cluster = serviceHosts(hosts, tls).map(hostText).sort().join()
    this.#admin =
      adminUrl === undefined
        ? undefined
        : new AdminClient({
            url: adminUrl,
            token: async () => (await options.tokenSupplier?.()) ?? options.token,
            ...{ tls: tlsOptions, runtime, timeoutMs: requestTimeoutMs },
          })
  }

  /** The whole name of a channel's topic. */
  topicOf(channel: string): string {
    if (PARTITION.test(channel))
      throw invalidArgument(
        'A channel of backend "pulsar" must not end as the parts of a partitioned topic do, in "-partition-" and a number',
        channel,
      )
    return `persistent://${this.options.namespace}/${channel}`
  }

  /** The channels among these topics. */
  channelsIn(topics: readonly string[]): readonly string[] {
    const prefix = `persistent://${this.options.namespace}/`
    return topics
      .filter((topic) => topic.startsWith(prefix))
      .map((topic) => topic.slice(prefix.length))
      .filter((name) => isChannelName(name) && !PARTITION.test(name))
  }

  /**
   * The name under which the entries of a log that is opened now are stored. A writer that opens its log again gets another one,
   * since its entries then have other numbers, and readers take a jump in the numbers of one name for missing entries.
   */
  nameOf({ incarnation }: Writer): string {
    return `wal-${incarnation}-${++this.#opened}`
  }

  /** How a topic is read. */
  read(topic: string): ReadTopic {
    const { driver, runtime, options } = this
    return { driver, topic, runtime, requestTimeoutMs: options.requestTimeoutMs }
  }

  async policies(channel: string): Promise<Policies> {
    if (this.#admin === undefined) return UNKNOWN_POLICIES
    return readPolicies(this.#admin, { namespace: this.options.namespace, channel })
  }

  close(): Promise<void> {
    this.#admin?.close()
    return this.driver.close()
  }
}
