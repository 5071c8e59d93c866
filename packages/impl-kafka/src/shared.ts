import type { Runtime } from '@wal/walimpls'
import type { Cluster } from './client/cluster.js'
import type { FullKafkaOptions } from './client/options.js'
import { LogEnds } from './read/last-records.js'
import { Tail } from './read/tail.js'
import { Topics } from './topic/topics.js'
import { ProduceQueue } from './write/produce-queue.js'

/** What one broker's connections are used for, by all logs that it leads. */
interface PerBroker {
  readonly queue: ProduceQueue
  readonly tail: Tail
  readonly ends: LogEnds
}

/** What all logs of one opener share: the connections, and for each broker the queues that fill them. */
export class Shared {
  readonly topics: Topics
  readonly #brokers = new Map<number, PerBroker>()

  constructor(
    readonly cluster: Cluster,
    readonly options: FullKafkaOptions,
    readonly runtime: Runtime,
  ) {
    this.topics = new Topics(cluster, options, runtime)
  }

  broker(node: number): PerBroker {
    let found = this.#brokers.get(node)
    if (found === undefined) {
      const { cluster, runtime } = this
      // Of a broker that is no longer listed all connections have ended, and with them all that its queues had.
      for (const known of this.#brokers.keys())
        if (!cluster.nodes.includes(known)) this.#brokers.delete(known)
      const { pollMs, requestTimeoutMs } = this.options
      found = {
        queue: new ProduceQueue({ lane: () => cluster.lane(node, 'produce'), requestTimeoutMs }),
        tail: new Tail({ lane: () => cluster.lane(node, 'tail'), runtime, pollMs, requestTimeoutMs }),
        ends: new LogEnds(cluster, node, runtime),
      }
      this.#brokers.set(node, found)
    }
    return found
  }

  async close(): Promise<void> {
    const tails = [...this.#brokers.values()].map(({ tail }) => tail.close())
    await this.cluster.close()
    await Promise.all(tails)
  }
}
