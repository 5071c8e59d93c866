import type { Guarantees, Runtime } from '@wal/walimpls'
import { CallFailure, Refreshed } from '@wal/walimpls/helper'
import { listen } from './client/client-events.js'
import { type Clients, disconnect, isCluster, placeOf } from './client/connect.js'
import type { FullRedisStreamsOptions } from './client/options.js'
import { RedisCalls } from './client/redis-calls.js'
import { PublishedWakeUps } from './client/wake-ups.js'
import { guaranteesOf } from './guarantees.js'
import { readSettings, type ServerSettings } from './server-settings.js'
import type { LogKeys } from './stored/log-keys.js'

/** How old what is known of the server's settings may get before it is asked for again. */
const SETTINGS_AGE_MS = 10_000

/** What the logs of one opener share: the connections, and what is known of the server. */
export class Server {
  readonly calls: RedisCalls
  /** A connection of its own where an append holds it up until replicas or the disk have confirmed. */
  readonly appendCalls: RedisCalls
  readonly wakeUps: PublishedWakeUps
  readonly #settings: Refreshed<readonly ServerSettings[]>
  readonly #stopListening: () => void

  readonly #clients: Clients

  constructor(
    clients: Clients,
    readonly options: FullRedisStreamsOptions,
    readonly runtime: Runtime,
  ) {
    this.#clients = clients
    const { requestTimeoutMs, pollMs } = options
    const { client, appends } = clients
    this.calls = new RedisCalls(client, runtime, requestTimeoutMs)
    this.appendCalls = appends === undefined ? this.calls : new RedisCalls(appends, runtime, requestTimeoutMs)
    this.wakeUps = new PublishedWakeUps(this.calls, runtime, pollMs)
    this.#settings = new Refreshed<readonly ServerSettings[]>({
      runtime,
      maxAgeMs: SETTINGS_AGE_MS,
      initial: [],
      read: () => readSettings(this.calls),
    })
    this.#stopListening = listen(client, 'ready', () => void this.#settings.refresh())
  }

  /** What is known by now; asks again in the background when that is old. */
  get guarantees(): Guarantees {
    return guaranteesOf(this.#settings.value, this.options)
  }

  /**
   * Where a stream is stored: the run id of the server (in a Cluster the lowest of all primaries') with database and key.
   * Where the server does not tell its run id, the address stands for it.
   */
  placeOf({ stream }: LogKeys): string {
    const { client } = this.#clients
    const [runId] = this.#settings.value.map((server) => server.runId ?? '').sort()
    if (isCluster(client)) return `${runId || placeOf(this.options)} 0 ${stream}`
    const { host, port, path, db } = client.options
    return `${runId || path || `${host}:${port}`} ${db ?? 0} ${stream}`
  }

  /** In a Cluster from Redis 7 on a wake-up stays on the node of its log. */
  get publish(): 'PUBLISH' | 'SPUBLISH' {
    const { client } = this.#clients
    return isCluster(client) && client.options.shardedSubscribers === true ? 'SPUBLISH' : 'PUBLISH'
  }

  /** Resolves when the settings have been read, as far as the server tells them. */
  readSettings(): Promise<void> {
    return this.#settings.refresh()
  }

  /** Waits until what was sent before on the same connection is on the replicas or the disk that the options ask for. */
  confirmation({ stream }: LogKeys): (() => Promise<void>) | undefined {
    if (this.#clients.appends === undefined) return undefined
    const { waitReplicas, waitAof, requestTimeoutMs } = this.options
    // Below the deadline of the call, so that a reply comes rather than none.
    const ms = Math.max(1, Math.floor(requestTimeoutMs * 0.8))
    return () =>
      this.appendCalls.call(`waiting for replicas of ${stream}`, async (client) => {
        // In a Cluster a pipeline goes to the node that its keys are on; WAIT has none, and would go to any.
        const pipeline = client.pipeline().exists(stream)
        if (waitReplicas > 0) pipeline.call('WAIT', waitReplicas, ms)
        if (waitAof) pipeline.call('WAITAOF', 1, 0, ms)
        const replies = (await pipeline.exec()) ?? []
        for (const [error] of replies) if (error) throw error
        if (waitReplicas > 0 && Number(replies[1]?.[1]) < waitReplicas)
          throw new CallFailure(
            `only ${replies[1]?.[1]} of ${waitReplicas} replicas have confirmed within ${ms} ms`,
          )
        const [synced] = waitAof ? ((replies.at(-1)?.[1] ?? []) as number[]) : [1]
        if (synced !== 1) throw new CallFailure(`the server has not synced within ${ms} ms`)
      })
  }

  async close(): Promise<void> {
    const { client, ours, appends } = this.#clients
    this.#stopListening()
    const closing = [this.wakeUps.close()]
    this.calls.close()
    this.appendCalls.close()
    if (appends !== undefined) closing.push(disconnect(appends, this.runtime))
    if (ours) closing.push(disconnect(client, this.runtime))
    // Side by side: each may have to wait for a server that answers nothing.
    await Promise.all(closing)
  }
}
