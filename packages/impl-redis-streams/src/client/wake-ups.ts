import type { Runtime } from '@wal/walimpls'
import { type WakeUpListener, WakeUps } from '@wal/walimpls/helper'
import type { Redis } from 'ioredis'
import type { LogKeys } from '../stored/log-keys.js'
import { listen } from './client-events.js'
import { disconnect, isCluster } from './connect.js'
import { quieten } from './quiet.js'
import type { RedisCalls } from './redis-calls.js'

/**
 * Wakes waiting scanners when their log may have grown. Every append publishes a message, which an opener hears on one
 * connection for all its logs (in a Cluster, one for each node). Since messages may get lost, logs are also polled. Blocking
 * reads would need a connection for each scanner, and one XREAD over many streams would slow the server's appends down.
 */
export class PublishedWakeUps {
  readonly #wakeUps: WakeUps
  #subscriber: Subscriber | undefined
  readonly #stopListening: () => void
  readonly #calls: RedisCalls
  readonly #runtime: Runtime

  constructor(calls: RedisCalls, runtime: Runtime, pollMs: number) {
    this.#calls = calls
    this.#runtime = runtime
    this.#wakeUps = new WakeUps({
      runtime,
      pollMs,
      subscribe: async (topic) => this.#connected().subscribe(topic),
      unsubscribe: (topic) => this.#subscriber?.unsubscribe(topic),
    })
    // While the connection was away, messages were missed, and a failover may have changed the log. Woken scanners find out.
    this.#stopListening = listen(calls.client, 'ready', () => this.#wakeUps.wakeAll())
  }

  listener(keys: LogKeys): WakeUpListener {
    return this.#wakeUps.listener(keys.wake, () => this.#lastOf(keys))
  }

  async close(): Promise<void> {
    this.#wakeUps.close()
    this.#stopListening()
    await this.#subscriber?.close()
  }

  #connected(): Subscriber {
    this.#subscriber ??= subscribe(this.#calls, this.#runtime, {
      heard: (channel) => this.#wakeUps.wake(channel),
      lost: () => this.#wakeUps.wakeAll(),
    })
    return this.#subscriber
  }

  /**
   * The answer of a poll: the last id of the log, or that the stream is gone. An eviction of the stream publishes no message.
   */
  async #lastOf({ stream, state, wake }: LogKeys): Promise<string> {
    const [there, last] = await this.#calls.call(`polling ${wake}`, (client) =>
      Promise.all([client.exists(stream), client.hget(state, 'last')]),
    )
    return there === 1 ? (last ?? '') : 'gone'
  }
}

interface Subscriber {
  subscribe(channel: string): Promise<unknown>
  /** A failure does no harm: a message that no scanner waits for is ignored. */
  unsubscribe(channel: string): void
  close(): Promise<void>
}

/** The callbacks of a subscriber. */
interface SubscriberCalls {
  readonly heard: (channel: string) => void
  /** The connection was away, so messages may have been missed. ioredis subscribes again by itself after it has reconnected. */
  readonly lost: () => void
}

function subscribe(calls: RedisCalls, runtime: Runtime, { heard, lost }: SubscriberCalls): Subscriber {
  const { client } = calls
  if (isCluster(client)) {
    const sharded = client.options.shardedSubscribers === true
    const event = sharded ? 'smessage' : 'message'
    const stopListening = listen(client, event, (channel) => heard(channel as string))
    return {
      subscribe: (channel) => (sharded ? client.ssubscribe(channel) : client.subscribe(channel)),
      unsubscribe: (channel) =>
        void (sharded ? client.sunsubscribe(channel) : client.unsubscribe(channel)).catch(() => {}),
      close: async () => {
        stopListening()
      },
    }
  }
  const subscriber: Redis = client.duplicate({
    enableOfflineQueue: true,
    autoResubscribe: true,
    maxRetriesPerRequest: null,
    lazyConnect: false,
  })
  subscriber.on('message', heard)
  subscriber.on('ready', lost)
  // The client that sends commands gets the same connection errors, and reports them.
  quieten(subscriber)
  return {
    subscribe: (channel) => subscriber.subscribe(channel),
    unsubscribe: (channel) => void subscriber.unsubscribe(channel).catch(() => {}),
    close: () => disconnect(subscriber, runtime),
  }
}
