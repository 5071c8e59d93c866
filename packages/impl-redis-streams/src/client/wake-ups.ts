import type { Runtime } from '@wal/walimpls'
import { type WakeUpListener, WakeUps } from '@wal/walimpls/helper'
import type { Redis } from 'ioredis'
import type { LogKeys } from '../stored/log-keys.js'
import { listen } from './client-events.js'
import { disconnect, isCluster } from './connect.js'
import { quieten } from './quiet.js'
import type { RedisCalls } from './redis-calls.js'

/**
 * Tells waiting readers that their log may have grown: by the message that every append publishes, heard on one
 * connection for all logs of an opener (one a node in a Cluster), and by asking now and then, since messages get lost.
 * Blocking reads would take a connection each, and XREAD over many streams slows the server's appends down.
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
    // What happened while the connection was away, and whether the log is still what it was, has to be looked for.
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

  /** The last id, or that the stream is gone: nobody publishes that it was evicted. */
  async #lastOf({ stream, state, wake }: LogKeys): Promise<string> {
    const [there, last] = await this.#calls.call(`polling ${wake}`, (client) =>
      Promise.all([client.exists(stream), client.hget(state, 'last')]),
    )
    return there === 1 ? (last ?? '') : 'gone'
  }
}

interface Subscriber {
  subscribe(channel: string): Promise<unknown>
  /** Failing does no harm: what is heard for nobody is passed over. */
  unsubscribe(channel: string): void
  close(): Promise<void>
}

/** What a subscriber calls back. */
interface SubscriberCalls {
  readonly heard: (channel: string) => void
  /** Messages may have been missed: the connection was away. ioredis subscribes again after a reconnect. */
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
  // The commands' connection meets the same errors and reports them.
  quieten(subscriber)
  return {
    subscribe: (channel) => subscriber.subscribe(channel),
    unsubscribe: (channel) => void subscriber.unsubscribe(channel).catch(() => {}),
    close: () => disconnect(subscriber, runtime),
  }
}
