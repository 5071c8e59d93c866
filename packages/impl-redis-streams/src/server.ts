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

/** The age at which the server's settings are read again. */
const SETTINGS_AGE_MS = 10_000

/** What all logs of one opener share: the connections, and the settings of the server. */
export class Server {
  readonly calls: RedisCalls
  /** The connection for appends; a separate one when appends wait for replicas or the disk, since the wait blocks it. */
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

  /** The guarantees by the settings as last read. Old settings are read again in the background. */
  get guarantees(): Guarantees {
    return guaranteesOf(this.#settings.value, this.options)
  }

  /**
   * Names the place where a log is stored: the server's run id (in a Cluster the lowest of all primaries), database and key.
   * The address replaces a run id that the server does not tell.
   */
  placeOf({ stream }: LogKeys): string {
    const { client } = this.#clients
    const [runId] = this.#settings.value.map((server) => server.runId ?? '').sort()
    if (isCluster(client)) return `${runId || placeOf(this.options)} 0 ${stream}`
    const { host, port, path, db } = client.options
    return `${runId || path || `${host}:${port}`} ${db ?? 0} ${stream}`
  }

  /** The command for wake-ups. In a Cluster, SPUBLISH keeps a message on the node that has the log; it needs Redis 7. */
  get publish(): 'PUBLISH' | 'SPUBLISH' {
    const { client } = this.#clients
    return isCluster(client) && client.options.shardedSubscribers === true ? 'SPUBLISH' : 'PUBLISH'
  }

  /** Resolves when the settings have been read, as far as the server tells them. */
  readSettings(): Promise<void> {
    return this.#settings.refresh()
  }

  /**
   * A function that waits until everything sent before on the connection for appends is on the replicas, or the disk, that the
   * options ask for.
   */
  confirmation({ stream }: LogKeys): (() => Promise<void>) | undefined {
    if (this.#clients.appends === undefined) return undefined
    const { waitReplicas, waitAof, requestTimeoutMs } = this.options
    // Shorter than the deadline of the request, so that the server answers in time how many have confirmed.
    const ms = Math.max(1, Math.floor(requestTimeoutMs * 0.8))
    return () =>
      this.appendCalls.call(`waiting for replicas of ${stream}`, async (client) => {
        // In a Cluster, a pipeline goes to the node of its keys. WAIT has no key, so alone it would go to any node.
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
    // All are closed at once, since each may have to wait for a server that does not answer.
    await Promise.all(closing)
  }
}
