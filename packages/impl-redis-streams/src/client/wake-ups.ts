import type { Runtime } from '@wal/walimpls'
import { onAbort } from '@wal/walimpls/helper'
import type { Redis } from 'ioredis'
import type { LogKeys } from '../stored/log-keys.js'
import { listen } from './client-events.js'
import { disconnect, isCluster } from './connect.js'
import { quieten } from './quiet.js'
import type { RedisCalls } from './redis-calls.js'

interface Watched {
  readonly keys: LogKeys
  readonly waiting: Set<() => void>
  readers: number
  /** Counts the wake-ups: what comes between a look and the wait is not missed. */
  version: number
  /** Whether the server publishes to us. If not, polling tries again. */
  subscribed: boolean
  /** What the last poll was told. */
  lastPolled: string
}

/**
 * Tells waiting readers that their log may have grown: by the message that every append publishes, heard on one
 * connection for all logs of an opener (one a node in a Cluster), and by asking now and then, since messages get lost.
 * Blocking reads would take a connection each, and XREAD over many streams slows the server's appends down.
 */
export class WakeUps {
  readonly #watched = new Map<string, Watched>()
  #subscriber: Subscriber | undefined
  #timer: { clear(): void } | undefined
  #closed = false
  readonly #stopListening: () => void

  readonly #calls: RedisCalls
  readonly #runtime: Runtime
  readonly #pollMs: number

  constructor(calls: RedisCalls, runtime: Runtime, pollMs: number) {
    this.#calls = calls
    this.#runtime = runtime
    this.#pollMs = pollMs
    // What happened while the connection was away, and whether the log is still what it was, has to be looked for.
    this.#stopListening = listen(calls.client, 'ready', () => this.#wakeAll())
  }

  /** A reader begins; call what is returned when it ends. */
  enter(keys: LogKeys): () => void {
    const found = this.#watched.get(keys.wake)
    const watched = found ?? {
      keys,
      waiting: new Set<() => void>(),
      readers: 0,
      version: 0,
      subscribed: false,
      lastPolled: '',
    }
    watched.readers++
    this.#watched.set(keys.wake, watched)
    if (found === undefined) this.#listenTo(watched)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#leave(watched)
    }
  }

  /** To be noted before looking, and given to `wait` if there was nothing. */
  version(keys: LogKeys): number {
    return this.#watched.get(keys.wake)?.version ?? 0
  }

  /** Resolves when there may be something new since `seen`, or on abort. */
  wait(keys: LogKeys, seen: number, signal: AbortSignal): Promise<void> {
    const watched = this.#watched.get(keys.wake)
    if (watched === undefined || watched.version !== seen || signal.aborted) return Promise.resolve()
    this.#timer ??= this.#nextPoll()
    return new Promise((resolve) => {
      let stop = () => {}
      const wake = () => {
        watched.waiting.delete(wake)
        stop()
        resolve()
      }
      watched.waiting.add(wake)
      stop = onAbort(signal, wake)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.clear()
    this.#stopListening()
    await this.#subscriber?.close()
  }

  #leave(watched: Watched): void {
    watched.readers--
    if (watched.readers > 0) return
    this.#watched.delete(watched.keys.wake)
    this.#subscriber?.unsubscribe(watched.keys.wake)
  }

  #listenTo(watched: Watched): void {
    this.#subscriber ??= subscribe(
      this.#calls,
      this.#runtime,
      (channel) => this.#wake(this.#watched.get(channel)),
      () => this.#wakeAll(),
    )
    const { wake } = watched.keys
    this.#subscriber.subscribe(wake).then(
      () => {
        watched.subscribed = true
        // What was published before the subscription held was missed.
        this.#wake(watched)
      },
      () => {
        watched.subscribed = false
      },
    )
  }

  #wake(watched: Watched | undefined): void {
    if (watched === undefined) return
    watched.version++
    for (const wake of [...watched.waiting]) wake()
  }

  #wakeAll(): void {
    for (const watched of this.#watched.values()) this.#wake(watched)
  }

  #nextPoll(): { clear(): void } {
    return this.#runtime.setTimeout(
      () => {
        void this.#poll().then(() => {
          const anyone = [...this.#watched.values()].some(({ waiting }) => waiting.size > 0)
          this.#timer = anyone && !this.#closed ? this.#nextPoll() : undefined
        })
      },
      this.#pollMs * (0.75 + this.#runtime.random() / 2),
    )
  }

  /**
   * Asks for the last id of every log that is waited for, and whether its stream is there still. A log that is gone or
   * can't be asked wakes its readers, who meet the error.
   */
  async #poll(): Promise<void> {
    await Promise.all(
      [...this.#watched.values()].map(async (watched) => {
        const { waiting, version, keys } = watched
        if (waiting.size === 0) return
        if (!watched.subscribed) this.#listenTo(watched)
        const last = await this.#lastOf(keys)
        const changed = last !== watched.lastPolled
        watched.lastPolled = last
        if (changed && watched.version === version) this.#wake(watched)
      }),
    )
  }

  async #lastOf({ stream, state, wake }: LogKeys): Promise<string> {
    try {
      const [there, last] = await this.#calls.call(`polling ${wake}`, (client) =>
        Promise.all([client.exists(stream), client.hget(state, 'last')]),
      )
      return there === 1 ? (last ?? '') : 'gone'
    } catch {
      return 'failed'
    }
  }
}

interface Subscriber {
  subscribe(channel: string): Promise<unknown>
  /** Failing does no harm: what is heard for nobody is passed over. */
  unsubscribe(channel: string): void
  close(): Promise<void>
}

/** `lost`: messages may have been missed. ioredis subscribes again after a reconnect. */
function subscribe(
  calls: RedisCalls,
  runtime: Runtime,
  heard: (channel: string) => void,
  lost: () => void,
): Subscriber {
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
