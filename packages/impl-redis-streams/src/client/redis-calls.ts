import type { Runtime } from '@wal/walimpls'
import { SettlingCalls } from '@wal/walimpls/helper'
import type { Cluster, Redis } from 'ioredis'
import { listen } from './client-events.js'
import { mapError } from './error-mapping.js'

export type RedisClient = Redis | Cluster

/**
 * Commands that always settle. ioredis leaves promises pending forever when a connection ends under them and resending
 * is off (redis/ioredis#2193, in 6.0.0), and may keep others for long.
 */
export class RedisCalls {
  readonly #calls: SettlingCalls
  /** Why there is no connection, as far as the client says: a password that was changed, say. */
  #trouble: unknown
  readonly #stops: readonly (() => void)[]

  /** It hears the client's errors, also of a client that a user made: they come out in the errors of calls. */
  constructor(
    readonly client: RedisClient,
    runtime: Runtime,
    timeoutMs: number,
  ) {
    this.#calls = new SettlingCalls({ what: 'The opener', runtime, timeoutMs })
    this.#stops = [
      listen(client, 'close', () => this.#calls.lost()),
      listen(client, 'error', (error) => {
        this.#trouble = error
      }),
      listen(client, 'ready', () => {
        this.#trouble = undefined
      }),
    ]
  }

  /** Rejects with one of our errors, as `mapped` makes it. `doing` begins its sentence. */
  call<T>(
    doing: string,
    send: (client: RedisClient) => Promise<T>,
    mapped: typeof mapError = mapError,
  ): Promise<T> {
    return this.#calls.call(
      () => send(this.client),
      (error) => mapped(error, doing, this.#trouble),
    )
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#calls.close()
  }
}
